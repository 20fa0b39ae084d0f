"""The reader's language: every text has a French one with the same values, numbers and dates follow the language."""

import ast
import datetime as dt
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import pofile

import dashboard
from api import languages
from dashboard import i18n

_PACKAGE = Path(dashboard.__file__).parent
AT = dt.datetime(2026, 11, 24, 12, 5, 9, tzinfo=dt.UTC)


def _msgids() -> Iterator[tuple[str, ...]]:
    for path in sorted(_PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in {"text", "plural", "plural_forms"} and ast.unparse(node.func.value) == "i18n":
                wanted = node.args[:1] if node.func.attr == "text" else node.args[:2]
                assert all(isinstance(argument, ast.Constant) for argument in wanted), f"{path}:{node.lineno}"
                yield tuple(ast.literal_eval(argument) for argument in wanted)


def _catalogue() -> dict[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for path in sorted((i18n.FOLDER / "fr").glob("*.po")):
        with path.open("rb") as file:
            for message in pofile.read_po(file, locale="fr", abort_invalid=True):
                if message.id:
                    assert not message.fuzzy, message.id
                    found[_texts(message.id)] = _texts(message.string)
    return found


def _texts(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_has_a_french_one() -> None:
    catalogue = _catalogue()
    missing = {msgid for msgid in _msgids() if not all(catalogue.get(msgid, ("",)))}
    assert missing == set()


def test_no_french_text_is_left_over() -> None:
    assert set(_catalogue()) - set(_msgids()) == set()


def test_french_texts_take_the_same_values() -> None:
    for msgid, texts in _catalogue().items():
        for text in texts:
            assert _fields(text) == _fields(msgid[-1]), msgid


@pytest.mark.parametrize(
    ("cookie", "accept", "expected"),
    [("fr", "en", "fr"), (None, "fr-CH, en;q=0.5", "fr"), (None, None, "en"), ("de", "de", "en"), ("", "en, fr", "en")],
)
def test_language_is_the_readers_choice_or_the_browsers(cookie: str | None, accept: str | None, expected: str) -> None:
    assert languages.choose(cookie, accept) == expected


def test_texts_numbers_and_times_follow_the_language(french: None) -> None:
    assert i18n.text("Today") == "Aujourd’hui"
    assert i18n.plural("{count} press", "{count} presses", 1) == "1 pression"
    assert i18n.plural("{count} press", "{count} presses", 3) == "3 pressions"
    assert i18n.number(1234.5, digits=1).replace("\u202f", " ") == "1 234,5"
    assert i18n.clock(AT, zone="Europe/Helsinki") == "14:05:09"
    assert i18n.day(AT) == "mardi 24 novembre 2026"


def test_english_is_its_own_text() -> None:
    assert i18n.text("taken by {who}", who="Ann") == "taken by Ann"
    assert i18n.number(1234.5, digits=1) == "1,234.5"
    assert (i18n.duration(42), i18n.duration(61), i18n.duration(3_720)) == ("42 s", "1 min 01 s", "1 h 02 min")
