import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import debian_archive, engine_fetch, errors, private_apt, recipe, scratch, settings
from tests.integration.stack import archive_server
from tests.integration.stack.mqtt_probe import wait_for

SERVER = "usr/lib/probe/bin/server"
DATA = "probe-data_1.0-1_all.deb"
PROBE = recipe.Recipe(
    name="probe",
    suite="probe",
    roots={"probe-server": "usr/lib/probe/plugins"},
    packages_about=6,
    data=("probe-data",),
    programs=(SERVER,),
    unwanted=("usr/lib/probe/plugins/bad.so",),
    links={"usr/lib/probe/alias": "bin"},
    texts={SERVER: ("/usr/share/zoneinfo", "zoneinfo")},
)


@pytest.fixture
def archive() -> Iterator[archive_server.Archive]:
    with archive_server.serving() as serving:
        yield serving


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch.folder("fetch") as made:
        yield made


def choice(folder: Path, archive: archive_server.Archive, key: str = "archive") -> settings.Settings:
    return settings.Settings(
        cache_dir=folder,
        data_dir=folder / "data",
        state_dir=folder / "state",
        debian_mirror=archive.uri,
        debian_keyring=archive_server.FILES / f"{key}.gpg",
    )


def fetch(folder: Path, archive: archive_server.Archive, key: str = "archive") -> Path:
    return engine_fetch.ensure(choice(folder, archive, key), lambda _step, _share: None, PROBE)


def fetch_from(folder: Path, port: int) -> Path:
    """Fetch in another process, which can't be handed the server itself."""
    return fetch(folder, archive_server.Archive(port=port))


def apt_of(folder: Path, archive: archive_server.Archive, key: str = "archive") -> private_apt.PrivateApt:
    apt = private_apt.PrivateApt(folder=folder)
    apt.prepare(debian_archive.find(choice(folder, archive, key)), "probe")
    return apt


def ignore(_share: float) -> None:
    pass


def test_an_engine_is_the_root_packages_and_the_libraries_of_their_wanted_files(
    folder: Path, archive: archive_server.Archive
) -> None:
    tree = fetch(folder, archive)

    packages = json.loads((tree / "manifest.json").read_text())["packages"]
    assert set(packages) == {"probe-server", "probe-data", "libprobe1", "libdeep2t64", "libgood-compat", "probe-libc"}
    assert archive.asked_for("libhuge9_9.0-1_all.deb") == [], "only the unwanted plug-in needs it"
    assert not (tree / "usr/lib/probe/plugins/bad.so").exists()
    assert (tree / "usr/lib/probe/alias/server").is_file()


def test_a_program_runs_under_the_engines_own_loader_and_libraries_wherever_the_folder_is(
    folder: Path, archive: archive_server.Archive
) -> None:
    moved = folder / "a folder with spaces"
    fetch(folder, archive).rename(moved)

    said = subprocess.run([moved / SERVER, "-D", "two words"], check=True, capture_output=True, text=True).stdout

    here = f"{moved}/usr/lib/probe/bin/../../../.."
    assert said.splitlines() == [
        "--inhibit-cache",
        "--library-path",
        f"{here}/usr/lib/probe-libs",
        "--argv0",
        f"{moved}/{SERVER}",
        f"{here}/libexec/server",
        "-D",
        "two words",
    ]


def test_the_second_fetch_asks_nobody(folder: Path, archive: archive_server.Archive) -> None:
    first = fetch(folder, archive)
    archive.requests.clear()
    assert fetch(folder, archive) == first
    assert archive.requests == []
    assert not list(folder.rglob("*.deb")), "what was downloaded isn't needed any more"


def test_a_connection_that_breaks_off_is_taken_up_where_it_broke(folder: Path, archive: archive_server.Archive) -> None:
    archive.cut_after[DATA] = 30_000

    tree = fetch(folder, archive)

    assert (tree / "usr/share/probe/data").stat().st_size == 80_000
    first, *later = archive.asked_for(DATA)
    assert first is None
    assert any(wanted is not None and wanted != "bytes=0-" for wanted in later)


def test_a_killed_fetch_is_resumed_and_fetches_no_package_twice(folder: Path, archive: archive_server.Archive) -> None:
    archive.stall_after[DATA] = 30_000
    command = f"""
from pathlib import Path
from tests.integration.stack import test_engine_fetch
test_engine_fetch.fetch_from(Path({str(folder)!r}), {archive.port})
"""
    victim = subprocess.Popen([sys.executable, "-c", command], cwd=settings.CHECKOUT, start_new_session=True)
    wait_for(lambda: any(path.stat().st_size >= 20_000 for path in folder.rglob(f"{DATA}*")), 30)
    os.killpg(victim.pid, signal.SIGKILL)  # with its apt, as a power cut would
    victim.wait()
    archive.release.set()
    complete = {path.name for path in folder.rglob("*.deb")} - {DATA}
    archive.requests.clear()

    tree = fetch(folder, archive)

    assert (tree / "usr/share/probe/data").stat().st_size == 80_000
    assert all(archive.asked_for(name) == [] for name in complete)


def test_many_who_fetch_at_once_get_one_engine_fetched_once(folder: Path, archive: archive_server.Archive) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        made = pool.starmap(fetch_from, [(folder, archive.port)] * 4)
    assert len(set(made)) == 1
    assert len(archive.asked_for(DATA)) == 1


def test_a_key_that_stands_in_the_sources_themselves_is_understood(
    folder: Path, archive: archive_server.Archive
) -> None:
    armoured = (archive_server.FILES / "archive.asc").read_text()
    embedded = "".join(f"\n{line or '.'}" for line in armoured.splitlines())  # as a stanza's field is read
    apt = private_apt.PrivateApt(folder=folder)
    apt.prepare(debian_archive.Archive(uri=archive.uri, signed_by=embedded), "probe")
    apt.update(ignore)
    assert apt.download(["probe-libc"], ignore)


def test_an_archive_signed_by_another_key_is_refused_and_nothing_is_taken(
    folder: Path, archive: archive_server.Archive
) -> None:
    with pytest.raises(errors.EngineUnavailableError, match="not signed by a trusted key") as caught:
        fetch(folder, archive, key="stranger")
    assert "STACK_DEBIAN_KEYRING" in str(caught.value)
    assert "docker compose" in str(caught.value)
    assert not any("pool" in path for path, _range in archive.requests)


def test_an_index_accepted_before_does_not_excuse_a_wrong_key(folder: Path, archive: archive_server.Archive) -> None:
    apt_of(folder, archive).update(ignore)
    with pytest.raises(errors.EngineUnavailableError, match="not signed"):
        apt_of(folder, archive, key="stranger").update(ignore)


def test_a_package_that_is_not_what_the_index_promises_is_refused(
    folder: Path, archive: archive_server.Archive
) -> None:
    genuine = (archive_server.FILES / "pool" / DATA).read_bytes()
    archive.replaced[DATA] = genuine[:-1] + bytes([genuine[-1] ^ 1])
    with pytest.raises(errors.EngineUnavailableError, match="Hash Sum mismatch"):
        fetch(folder, archive)


def test_an_index_that_is_not_what_the_signature_covers_is_refused(
    folder: Path, archive: archive_server.Archive
) -> None:
    archive.replaced["Packages"] = b"Package: trojan\nVersion: 1\nArchitecture: all\n"
    with pytest.raises(errors.EngineUnavailableError, match=r"mismatch|size|hash"):
        fetch(folder, archive)


def test_an_archive_that_cannot_be_reached_is_said_with_the_setting_that_names_another(folder: Path) -> None:
    with pytest.raises(errors.EngineUnavailableError, match="STACK_DEBIAN_MIRROR"):
        fetch(folder, archive_server.Archive(port=9))


def test_a_download_that_the_index_no_longer_names_is_deleted(folder: Path, archive: archive_server.Archive) -> None:
    apt = apt_of(folder, archive)
    old, current = apt.downloads / "probe-data_0.9-1_all.deb", apt.downloads / "libprobe1_1%3a1.4-1_all.deb"
    old.write_bytes(b"x")
    current.write_bytes((archive_server.FILES / "pool" / current.name).read_bytes())
    apt.update(ignore)
    assert not old.exists()
    assert current.exists()


def test_a_keyring_that_is_no_file_is_named(folder: Path, archive: archive_server.Archive) -> None:
    with pytest.raises(errors.StackError, match=r"STACK_DEBIAN_KEYRING=.*missing\.gpg"):
        fetch(folder, archive, key="missing")


def test_the_host_s_apt_is_not_touched(folder: Path, archive: archive_server.Archive) -> None:
    lists = Path("/var/lib/apt/lists")
    before = sorted((path.name, path.stat().st_mtime) for path in lists.iterdir()) if lists.is_dir() else []
    fetch(folder, archive)
    after = sorted((path.name, path.stat().st_mtime) for path in lists.iterdir()) if lists.is_dir() else []
    assert after == before
