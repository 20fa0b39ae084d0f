"""Builds the demo's town into the cache, once: the street networks and the basemap of central Helsinki.

The folder's name is a digest of the extract's pin and of the code that builds from it, so that a change of either builds anew.
"""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.town import basemap, extract, streets

STREETS, BASEMAP, ATTRIBUTION = "streets.npz", "basemap.pmtiles", "ATTRIBUTION.txt"
_EXTRACT = "helsinki.osm.pbf"
_CODE = Path(__file__).with_name("town")

Progress = Callable[[str], None]


def ensure(cache_dir: Path, progress: Progress) -> Path:
    """Return the folder with `STREETS`, `BASEMAP` and `ATTRIBUTION`, built first where it is missing.

    Safe to call from several processes at once: one builds, the others wait for it. `progress` is called with a line for people
    at each step that takes time.

    Raises:
        extract.ExtractError, basemap.BasemapError: the town cannot be built; the message says why.
    """
    town = cache_dir / "town" / _digest()
    if town.is_dir():
        return town
    with _locked(cache_dir / "town"):
        if not town.is_dir():
            _build(town, progress)
    return town


def _build(town: Path, progress: Progress) -> None:
    for leftover in town.parent.glob("unfinished-*"):
        shutil.rmtree(leftover)
    source = town.parent / f"{extract.pinned().hex()[:16]}-{_EXTRACT}"
    if not source.is_file():
        progress("Fetching the town's map extract (5 MB)")
        extract.fetch(source)
    # Built under another name, so that a folder that is there is whole.
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=town.parent) as folder:
        unfinished = Path(folder) / town.name
        unfinished.mkdir(mode=0o755)
        progress("Building the town's street networks")
        streets.save(streets.build(source), unfinished / STREETS)
        progress("Building the town's basemap")
        basemap.build(source, unfinished / BASEMAP)
        (unfinished / ATTRIBUTION).write_text(extract.ATTRIBUTION + "\n", encoding="utf-8")
        unfinished.rename(town)
    progress("The town is built")


def _digest() -> str:
    digest = hashlib.sha256(extract.pinned())
    for file in sorted(_CODE.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
