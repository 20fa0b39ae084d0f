"""Servers that this system has already, if they are fit."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_MAJOR = 17
_MOSQUITTO_SINCE = (2, 0, 18)
_EXTENSIONS = ("timescaledb.control", "postgis.control")


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalServers:
    """A broker, and a PostgreSQL with both extensions if one is wanted."""

    postgres_bin: Path | None
    mosquitto: Path


def find(*, with_postgres: bool) -> LocalServers | None:
    """Return the installed servers, or None unless all that are wanted are there in a fitting version."""
    broker = _program("mosquitto", Path("/usr/sbin"), Path("/usr/local/sbin"))
    if broker is None or (mosquitto_version(_said(broker, "-h")) or ()) < _MOSQUITTO_SINCE:
        return None
    if not with_postgres:
        return LocalServers(postgres_bin=None, mosquitto=broker)
    for folder in _postgres_folders():
        if _is_fit(folder):
            return LocalServers(postgres_bin=folder, mosquitto=broker)
    return None


def mosquitto_version(said: str) -> tuple[int, ...] | None:
    """Read the version out of what `mosquitto -h` prints."""
    match = re.search(r"mosquitto version (\d+)\.(\d+)\.(\d+)", said)
    return tuple(int(part) for part in match.groups()) if match else None


def _postgres_folders() -> list[Path]:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    config = shutil.which("pg_config")
    if config:
        folders.append(Path(_said(Path(config), "--bindir").strip()))
    return folders


def _is_fit(folder: Path) -> bool:
    server = folder / "postgres"
    if not server.is_file() or not re.search(rf"\) {_MAJOR}\.", _said(server, "--version")):
        return False
    # Debian puts pg_config into a development package, so the folder of extensions is guessed as well.
    config = folder / "pg_config"
    shared = Path(_said(config, "--sharedir").strip()) if config.is_file() else None
    candidates = [shared, Path(f"/usr/share/postgresql/{_MAJOR}"), folder.parent / "share"]
    extensions = [c / "extension" for c in candidates if c is not None and (c / "extension").is_dir()]
    return any(all((extension / name).is_file() for name in _EXTENSIONS) for extension in extensions)


def _program(name: str, *folders: Path) -> Path | None:
    found = shutil.which(name)
    candidates = [Path(found)] if found else []
    candidates += [folder / name for folder in folders]
    return next((path for path in candidates if path.is_file()), None)


def _said(program: Path, argument: str) -> str:
    done = subprocess.run([program, argument], check=False, capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr
