"""Files that only the gateway's user may read: they hold positions and presses."""

import os
from pathlib import Path

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


def make_folder(path: Path) -> None:
    """Make a folder for us alone; one that is there already may be meant for others as well and stays as it is.

    Raises:
        OSError: it can't be made.
    """
    path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file for us alone, or close the one that is there.

    Raises:
        OSError: it can't be made.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE))
    found = path.stat()
    if found.st_uid == os.geteuid() and found.st_mode & 0o077:
        path.chmod(_FILE_MODE)


def replace(path: Path, content: bytes) -> None:
    """Put a file of ours there, whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    fresh = path.with_name(f".{path.name}.new")
    make_file(fresh)
    fresh.write_bytes(content)
    fresh.replace(path)


def usual_folder(tenant: str, device: str) -> Path:
    """Where a device's state is kept if nothing else is said."""
    name = f"{tenant}.{device}"
    if os.environ.get("STATE_DIRECTORY"):  # systemd's
        return Path(os.environ["STATE_DIRECTORY"])
    if os.geteuid() == 0:
        return Path("/var/lib/driveops-gateway") / name
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "driveops-gateway" / name
