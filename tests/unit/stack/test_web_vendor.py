import json
import os
from pathlib import Path

from stack import settings, web_vendor


def unexpected(step: str, _share: float) -> None:
    raise AssertionError(f"something was fetched: {step}")


def test_the_pins_name_no_registry_and_each_has_a_hash() -> None:
    lock = json.loads((web_vendor.PINS / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert {"node_modules/maplibre-gl", "node_modules/pmtiles", "node_modules/axe-core"} <= set(packages)
    assert [name for name, package in packages.items() if "resolved" in package or "integrity" not in package] == []


def test_what_browsers_get_is_installed_whole_and_once() -> None:
    cache_dir = settings.Settings.from_env(os.environ, is_root=os.geteuid() == 0).cache_dir
    made = web_vendor.ensure(cache_dir, lambda _step, _share: None)

    for group, names in web_vendor.WANTED.items():
        files = [path for path in (made / group).iterdir() if path.stat().st_size]
        assert len(files) == len(names)
    assert web_vendor.ensure(cache_dir, unexpected) == made


def test_a_python_environment_is_pointed_at_them_and_at_newer_ones_later(tmp_path: Path) -> None:
    place = web_vendor.link(tmp_path / "old", tmp_path)
    assert web_vendor.link(tmp_path / "new", tmp_path) == place
    assert place.readlink() == tmp_path / "new" / web_vendor.BROWSER


def test_a_folder_that_an_image_has_put_there_stays(tmp_path: Path) -> None:
    (tmp_path / "share" / "driveops-web").mkdir(parents=True)
    assert not web_vendor.link(tmp_path / "new", tmp_path).is_symlink()
