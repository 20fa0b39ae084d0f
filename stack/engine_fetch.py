"""Keeps the private engine in the cache: built once, by one process at a time, resumed after an interruption."""

import fcntl
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stack import account, closure, debian_archive, engine_build, errors, private_apt, recipe, settings

#: Called with the step in words and the share of it that is done.
Report = Callable[[str, float], None]

_INSTEAD = "Without it: docker compose up, or set DATABASE_URL and have mosquitto 2 installed (docs/stack.md)."
_TOOLS = ("apt-get", "apt-cache", "dpkg", "dpkg-deb", "tar")


def ensure(choice: settings.Settings, report: Report, dish: recipe.Recipe = recipe.ENGINE) -> Path:
    """Return the folder of the engine, building it if it isn't there.

    Raises:
        EngineUnavailableError: this system can't; the message says why and what else there is.
    """
    target = tree(choice, dish)
    if is_complete(target):
        return target
    with exclusive(choice.cache_dir / "engine" / "lock", report) as lock:
        if not is_complete(target):
            try:
                _build(target, choice, report, dish, lock)
            except errors.EngineUnavailableError as error:
                raise errors.EngineUnavailableError(f"{error}\n{_INSTEAD}") from error
            except subprocess.CalledProcessError as error:
                message = f"{error.cmd[0]} failed with {error.returncode}: {error.stderr}\n{_INSTEAD}"
                raise errors.EngineUnavailableError(message) from error
    return target


def tree(choice: settings.Settings, dish: recipe.Recipe = recipe.ENGINE) -> Path:
    """Return where the engine is, or would be."""
    return choice.cache_dir / "engine" / f"{dish.name}-{platform.machine()}"


def is_complete(target: Path) -> bool:
    """Tell whether a folder holds a whole engine."""
    return (target / engine_build.MANIFEST).is_file()


@contextmanager
def exclusive(lock: Path, report: Report) -> Iterator[int]:
    """Hold a lock file for as long as the block runs; it is freed with the process, however that ends.

    Yields the descriptor: a child that inherits it holds the lock as well.
    """
    account.reachable_folder(lock.parent)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("Waiting for another process that fetches the same", 0.0)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _build(target: Path, choice: settings.Settings, report: Report, dish: recipe.Recipe, lock: int) -> None:
    _check_system()
    account.of_servers().check_reaches(target.parent)
    work = target.with_name(f"{target.name}.work")
    unfinished = work / "tree"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    apt = private_apt.PrivateApt(folder=work / "apt", lock=lock)
    apt.prepare(debian_archive.find(choice), dish.suite)
    apt.update(lambda share: report("Reading the index of Debian 13", share))
    builder = engine_build.Builder(
        apt=apt,
        tree=unfinished,
        packages_about=dish.packages_about,
        progress=lambda share: report("Fetching PostgreSQL and Mosquitto", share),
    )
    done = closure.complete(dish.roots, wants=dish.wants, extra=dish.data, unpack=builder.unpack, depends=apt.depends)
    report("Setting up", 0.99)
    engine_build.finish(unfinished, dish, done.library_folders)
    engine_build.write_manifest(unfinished, apt.files(done.packages), done.library_folders)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.replace(target)
    shutil.rmtree(work)
    report("Engine ready", 1.0)


def _check_system() -> None:
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise errors.EngineUnavailableError(
            f"The private engine is unpacked from Debian packages, and {', '.join(missing)} can't be found here."
        )
    if platform.machine() not in {"x86_64", "aarch64"}:
        raise errors.EngineUnavailableError(f"The private engine has no packages for {platform.machine()}.")
