"""Reading one TOML table: each key is taken once with its type, and what nobody took is an error."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

from gateway import errors

T = TypeVar("T")

_IN_WORDS: dict[type, str] = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
}


class Problems:
    """Gathers what is wrong with the parts of a file, so that one look tells all of it."""

    def __init__(self) -> None:
        self._found: list[errors.GatewayError] = []

    def gather(self, read: Callable[[], T], instead: T) -> T:
        """A part as read; what is wrong with it is kept, and `instead` stands in for it."""
        try:
            return read()
        except errors.GatewayError as error:
            self._found.append(error)
            return instead

    def add(self, found: Iterable[errors.GatewayError]) -> None:
        """Keep more of them."""
        self._found += found

    def refuse(self) -> None:
        """Raise them all.

        Raises:
            GatewayError: there is one; with several, a line for each.
        """
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise errors.GatewayError("\n".join(str(each) for each in self._found))


class SettingError(errors.GatewayError):
    """A key of a configuration is missing, unknown or wrong; the message names it and its file."""


@dataclasses.dataclass
class Table:
    """A table of a file, with its place in it (`broker.tls`)."""

    source: Path
    place: str
    content: dict[str, Any]
    taken: set[str] = dataclasses.field(default_factory=set)
    inner: list["Table"] = dataclasses.field(default_factory=list)
    is_wrong: bool = False

    def error(self, key: str, problem: str) -> SettingError:
        """What is wrong with a key; `finish` says nothing more of this table."""
        self.is_wrong = True
        return SettingError(f"{self.source}: {self._name(key)}: {problem}")

    def optional(self, key: str, kind: type[T]) -> T | None:
        """A key's value, None where it isn't set."""
        self.taken.add(key)
        value = self.content.get(key)
        if value is None:
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind in (int, float)):
            raise self.error(key, f"must be {_IN_WORDS[kind]}, not {value!r}")
        if value == "":
            raise self.error(key, "is empty")
        if kind is str and "\0" in str(value):
            raise self.error(key, "holds a NUL character")
        return value

    def required(self, key: str, kind: type[T]) -> T:
        """A key's value; it must be set."""
        value = self.optional(key, kind)
        if value is None:
            raise self.error(key, "is missing")
        return value

    def boolean(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self.optional(key, bool)
        return default if value is None else value

    def integer(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number within [low, high]."""
        value = self.optional(key, int)
        if value is not None and not low <= value <= high:
            raise self.error(key, f"must be from {low} to {high}, not {value}")
        return default if value is None else value

    def number(self, key: str, low: float, high: float, default: float) -> float:
        """A number within [low, high]."""
        value = self.optional(key, object)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self.error(key, f"must be a number from {low:g} to {high:g}, not {value!r}")
        return float(value)

    def path(self, key: str, name: str) -> Path:
        """The path that a key gives; a relative one starts at the file's own folder."""
        try:
            return self.source.parent / Path(name).expanduser()
        except RuntimeError:
            raise self.error(key, f"{name!r} begins with the home of a user who is not there") from None

    def file(self, key: str) -> Path | None:
        """A key that names a file, which must be there and readable."""
        name = self.optional(key, str)
        if name is None:
            return None
        path = self.path(key, name)
        try:
            with path.open("rb"):
                return path
        except OSError as error:
            raise self.error(key, f"cannot read {path}: {error.strerror}") from None

    def table(self, key: str) -> "Table":
        """A table that must be there."""
        return self._inner(key, self.required(key, cast("type[dict[str, Any]]", dict)))

    def optional_table(self, key: str) -> "Table | None":
        """A table that may be left out."""
        content = self.optional(key, cast("type[dict[str, Any]]", dict))
        return None if content is None else self._inner(key, content)

    def tables(self, key: str) -> list["Table"]:
        """An array of tables, `[[key]]`."""
        value = self.optional(key, cast("type[list[Any]]", list)) or []
        for item in value:
            if not isinstance(item, dict):
                raise self.error(key, f"must be tables, written [[{key}]]")
        return [self._inner(f"{key}[{number}]", item) for number, item in enumerate(value, 1)]

    def unknown(self) -> list[SettingError]:
        """What nobody asked for, here and in the tables inside; where reading broke off, not all was asked for."""
        known = ", ".join(sorted(self.taken))
        found = [] if self.is_wrong else [
            self.error(key, f"there is no such key; known here: {known}") for key in self.content if key not in self.taken
        ]  # fmt: skip
        return found + [error for table in self.inner for error in table.unknown()]

    def _inner(self, key: str, content: dict[str, Any]) -> "Table":
        table = Table(self.source, self._name(key), content)
        self.inner.append(table)
        return table

    def _name(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key
