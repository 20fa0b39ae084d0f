"""Builds the private engine: fetch, unpack, wrap; nothing is installed and no rights are needed."""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stack import closure, elf, errors, private_apt, recipe

MANIFEST = "manifest.json"
# $0 is the path by which the kernel found this script. The program learns that path as its own name, so that it finds
# its neighbours (initdb looks for postgres, postgres for its extensions). No LD_LIBRARY_PATH: the programs' children
# are the host's, and they must find the host's libraries.
_WRAPPER = """\
#!/bin/sh
here="${{0%/*}}/{up}"
exec "$here/{loader}" --inhibit-cache --library-path "{library_path}" --argv0 "$0" "$here/{program}" "$@"
"""


@dataclass(kw_only=True, slots=True)
class Builder:
    """Fetches packages into a tree as the closure asks for them."""

    apt: private_apt.PrivateApt
    tree: Path
    packages_about: int
    progress: private_apt.Progress
    done: int = 0

    def unpack(self, packages: set[str]) -> Mapping[str, list[closure.Binary]]:
        """Fetch and unpack packages; return the dynamic files of each."""
        files = self.apt.download(packages, lambda share: self._show(len(packages) * share))
        self.done += len(packages)
        with ThreadPoolExecutor() as pool:
            return dict(zip(files, pool.map(self._unpack_one, files.values()), strict=True))

    def _show(self, more: float) -> None:
        self.progress(min(0.99, (self.done + more) / self.packages_about))

    def _unpack_one(self, package: Path) -> list[closure.Binary]:
        unpack = ["dpkg-deb", "--vextract", os.fspath(package), os.fspath(self.tree)]
        done = subprocess.run(unpack, check=True, capture_output=True, text=True, timeout=300)
        paths = [name.removeprefix("./") for name in done.stdout.splitlines()]
        return [binary for binary in map(self._binary, paths) if binary]

    def _binary(self, path: str) -> closure.Binary | None:
        file = self.tree / path
        read = elf.read(file) if file.is_file() and not file.is_symlink() else None
        if read is None:
            return None
        name = path.rpartition("/")[2]
        return closure.Binary(path=path, names=frozenset({name, read.soname or name}), needed=read.needed)


def finish(tree: Path, dish: recipe.Recipe, folders: tuple[str, ...]) -> None:
    """Turn unpacked packages into an engine that runs from wherever its folder stands."""
    for name in dish.unwanted:
        path = tree / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for name, target in dish.links.items():
        (tree / name).symlink_to(target)
    for name, (text, replacement) in dish.texts.items():
        _replace_text(tree / name, text, replacement)
    for name in dish.programs:
        _wrap(tree, name, folders)
    for path in tree.rglob("*"):
        # Another account runs the servers when root starts them.
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) | (0o755 if path.is_dir() else 0o444))


def _wrap(tree: Path, name: str, folders: tuple[str, ...]) -> None:
    original, moved = tree / name, tree / "libexec" / Path(name).name
    read = elf.read(original)
    if read is None or read.interpreter is None:
        raise errors.EngineUnavailableError(f"{name} of the package is no program")
    loader = next((f"{f}/{Path(read.interpreter).name}" for f in folders if _holds(tree / f, read.interpreter)), None)
    if loader is None:
        raise errors.EngineUnavailableError(f"no package of the archive holds {read.interpreter}")
    moved.parent.mkdir(exist_ok=True)
    original.rename(moved)
    original.write_text(
        _WRAPPER.format(
            up="/".join(".." for _ in Path(name).parent.parts),
            loader=loader,
            library_path=":".join(f"$here/{folder}" for folder in folders),
            program=f"libexec/{moved.name}",
        )
    )
    original.chmod(0o755)


def _holds(folder: Path, interpreter: str) -> bool:
    return (folder / Path(interpreter).name).exists()


def _replace_text(program: Path, text: str, replacement: str) -> None:
    image, old = program.read_bytes(), text.encode() + b"\0"
    if image.count(old) != 1 or len(replacement) > len(text):
        raise errors.EngineUnavailableError(f"{program.name} doesn't hold {text!r} where it is expected")
    program.write_bytes(image.replace(old, replacement.encode().ljust(len(old), b"\0")))


def write_manifest(tree: Path, files: Mapping[str, str], folders: tuple[str, ...]) -> None:
    """Write the file whose presence says that the engine is complete."""
    temporary = tree / f"{MANIFEST}.new"
    content = {"packages": dict(sorted(files.items())), "library_folders": folders}
    temporary.write_text(json.dumps(content, indent=1))
    temporary.replace(tree / MANIFEST)
