"""The files of deploy/mosquitto: the same broker in a container. Run this module to write them anew."""

import sys
from pathlib import Path, PurePosixPath

from stack import broker_config

_HEAD = "# Written by `python -m stack.container_broker` from stack/broker_config.py; a test holds the two equal.\n\n"
_CONFIGURATION, _DATA = PurePosixPath("/mosquitto/config"), PurePosixPath("/mosquitto/data")


def files() -> dict[str, str]:
    """Return the generated files by name."""
    place = broker_config.Place(
        port=1883,
        address=None,
        password_file=_DATA / "passwords",
        acl_file=_CONFIGURATION / "acl",
        data=_DATA,
    )
    return {"mosquitto.conf": _HEAD + broker_config.render(place), "acl": _HEAD + broker_config.render_acl()}


def write(folder: Path) -> None:
    """Write the files into a folder."""
    for name, text in files().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "deploy" / "mosquitto")
