from pathlib import Path

import pytest

import db
from db import queries

SOURCES = "\n".join(path.read_text() for path in Path(db.__file__).parent.rglob("*.py"))


def test_a_file_is_taken_apart_by_its_headings() -> None:
    text = """-- Remarks on the file.

-- first_one --
-- What it asks.
SELECT 1
WHERE a = %(a)s;

-- second --
SELECT 2; -- with a remark
"""

    assert queries.parse(text) == {
        "first_one": "-- What it asks.\nSELECT 1\nWHERE a = %(a)s",
        "second": "SELECT 2; -- with a remark",
    }


def test_a_name_that_occurs_twice_is_refused() -> None:
    with pytest.raises(queries.QueryFileError, match="a query one exists already"):
        queries.parse("-- one --\nSELECT 1;\n-- one --\nSELECT 2;")


def test_a_name_without_a_statement_is_refused() -> None:
    with pytest.raises(queries.QueryFileError, match="the query one has no statement"):
        queries.parse("-- one --\n-- To be written.\n\n-- two --\nSELECT 2;")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError, match="no_such_query"):
        queries.get("no_such_query")


@pytest.mark.parametrize("name", queries.load())
def test_every_query_begins_with_a_sentence_and_is_used(name: str) -> None:
    assert queries.get(name).startswith("-- "), "say in a sentence what it asks"
    assert f'"{name}"' in SOURCES, "nobody asks it"
