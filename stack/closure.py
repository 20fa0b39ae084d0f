"""Which packages hold the libraries that some programs need: the ELF closure.

A package's Depends names every library of its files, and also much that we never load (a compiler for one plug-in, a
raster library for another). So the walk goes by the files: from each wanted file to the libraries that it names, and
for each of those to the dependency whose name fits best.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from stack import errors


@dataclass(frozen=True, kw_only=True, slots=True)
class Binary:
    """A program or a library of a package, as far as the loader cares."""

    path: str  #: within the unpacked tree
    names: frozenset[str]  #: what others may call it by
    needed: tuple[str, ...]


#: Fetches and unpacks packages: names → the dynamic files of each.
Unpack = Callable[[set[str]], Mapping[str, list[Binary]]]
Depends = Callable[[str], list[str]]
#: Tells whether a root package's file counts.
Wanted = Callable[[str, Binary], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Closure:
    """The answer: what is unpacked now, and where the loader has to look."""

    packages: frozenset[str]
    library_folders: tuple[str, ...]


@dataclass(kw_only=True, slots=True)
class _Walk:
    unpack: Unpack
    depends: Depends
    libraries: dict[str, tuple[str, Binary]] = field(default_factory=dict)  #: name → package and file
    packages: set[str] = field(default_factory=set)
    used: dict[str, Binary] = field(default_factory=dict)  #: by path
    missing: dict[str, str] = field(default_factory=dict)  #: library name → package that needs it
    dependencies: dict[str, list[str]] = field(default_factory=dict)  #: what `depends` has said

    def add(self, packages: set[str]) -> Mapping[str, list[Binary]]:
        self.packages |= packages
        unpacked = self.unpack(packages)
        for package, binaries in unpacked.items():
            # A name in the standard folder wins over the same name in a private one below it.
            for binary in sorted(binaries, key=lambda binary: len(binary.path)):
                for name in binary.names:
                    self.libraries.setdefault(name, (package, binary))
        return unpacked

    def use(self, package: str, binary: Binary) -> None:
        """Follow one file's needs as far as the unpacked packages go."""
        waiting = [(package, binary)]
        while waiting:
            owner, current = waiting.pop()
            if current.path in self.used:
                continue
            self.used[current.path] = current
            for name in current.needed:
                if name in self.libraries:
                    waiting.append(self.libraries[name])
                else:
                    self.missing.setdefault(name, owner)

    def settle(self) -> None:
        """Take out of `missing` what has arrived."""
        for name in [name for name in self.missing if name in self.libraries]:
            del self.missing[name]
            self.use(*self.libraries[name])

    def next_packages(self) -> set[str]:
        """Choose what to fetch next: the sure hits, which often bring the others along, else the likeliest guesses."""
        ranked = {name: self._candidates(name, owner) for name, owner in self.missing.items()}
        sure = {candidates[0] for name, candidates in ranked.items() if candidates and fits(name, candidates[0])}
        if sure:
            return sure
        likely = {candidates[0] for candidates in ranked.values() if candidates}
        if likely:
            return likely
        lost = ", ".join(f"{name} (needed by {owner})" for name, owner in sorted(self.missing.items()))
        raise errors.EngineUnavailableError(f"no package of the archive holds {lost}")

    def _candidates(self, name: str, owner: str) -> list[str]:
        if owner not in self.dependencies:
            self.dependencies[owner] = self.depends(owner)
        offered = [package for package in self.dependencies[owner] if package not in self.packages]
        return sorted(offered, key=lambda package: -likeness(name, package))


def complete(roots: Iterable[str], *, wants: Wanted, extra: Iterable[str], unpack: Unpack, depends: Depends) -> Closure:
    """Unpack the root packages, the extra ones (data) and every package that their wanted files need.

    Raises:
        EngineUnavailableError: a library is in none of the packages that its user depends on.
    """
    walk = _Walk(unpack=unpack, depends=depends)
    unpacked = walk.add({*roots, *extra})
    for package in roots:
        for binary in unpacked[package]:
            if wants(package, binary):
                walk.use(package, binary)
    walk.settle()
    while walk.missing:
        walk.add(walk.next_packages())
        walk.settle()
    needed = {name for binary in walk.used.values() for name in binary.needed}
    return Closure(
        packages=frozenset(walk.packages),
        library_folders=tuple(sorted({walk.libraries[name][1].path.rpartition("/")[0] for name in needed})),
    )


def fits(library: str, package: str) -> bool:
    """Tell whether a package is named after a library by Debian's rule, as libssl3t64 is after libssl.so.3."""
    return _plain(library.replace(".so.", "")) == _plain(package.removesuffix("t64"))


def likeness(library: str, package: str) -> float:
    """Rate how well a package's name goes with a library's, 0 to 1."""
    if fits(library, package):
        return 1.0
    return 0.99 * difflib.SequenceMatcher(None, _plain(library.replace(".so.", "")), _plain(package)).ratio()


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
