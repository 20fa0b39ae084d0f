"""The named queries of db/sql/*.sql: `-- name --`, a sentence of comment, the statement with `%(named)s` parameters."""

import functools
import re
from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path(__file__).parent / "sql"
_HEADING = re.compile(r"^-- ([a-z0-9_]+) --$", re.MULTILINE)


class QueryFileError(Exception):
    """A file of queries can't be read as such; the message names the query."""


def get(name: str) -> str:
    """The text of one query; psycopg and `exec_driver_sql` take it as it stands.

    Raises:
        KeyError: no file has a query of that name.
    """
    return load()[name]


@functools.cache
def load() -> Mapping[str, str]:
    """Every query by name.

    Raises:
        QueryFileError: two have one name, or a statement is missing.
    """
    found: dict[str, str] = {}
    for path in sorted(_FOLDER.glob("*.sql")):
        for name, text in parse(path.read_text(encoding="utf-8")).items():
            if name in found:
                raise QueryFileError(f"{path.name}: a query {name} exists already")
            found[name] = text
    return found


def parse(text: str) -> dict[str, str]:
    r"""Take the text of a file apart.

    Raises:
        QueryFileError: a name occurs twice, or has no statement.

    >>> parse("-- one --\n-- The first.\nSELECT 1;\n-- two --\nSELECT 2")
    {'one': '-- The first.\nSELECT 1', 'two': 'SELECT 2'}
    """
    pieces = _HEADING.split(text)[1:]
    found: dict[str, str] = {}
    for name, body in zip(pieces[::2], pieces[1::2], strict=True):
        statement = body.strip().removesuffix(";")
        if name in found:
            raise QueryFileError(f"a query {name} exists already")
        if all(line.startswith("--") or not line.strip() for line in statement.splitlines()):
            raise QueryFileError(f"the query {name} has no statement")
        found[name] = statement
    return found
