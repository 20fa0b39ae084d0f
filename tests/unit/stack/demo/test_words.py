import string

import pytest

from domain import emergencies, fences
from stack.demo import model, words


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(words._WORDS))
def test_each_text_has_the_same_places_in_both_languages(key: str) -> None:
    english, french = words._WORDS[key]

    assert _places(english) == _places(french)
    assert english
    assert french


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "fr_CH", "LANG": "de_DE"}, "fr"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_environment_chooses_the_language(environment: dict[str, str], language: str) -> None:
    assert words.language_of(environment) == language


def test_numbers_are_written_as_the_language_does() -> None:
    english, french = words.Words("en"), words.Words("fr")

    assert (english.number(12345), english.decimal(0.5, 2)) == ("12,345", "0.50")
    assert (french.number(12345), french.decimal(0.5, 2)) == ("12\u202f345", "0,50")


def test_an_unknown_language_is_english() -> None:
    assert words.Words("tlh")("units") == "Units"


@pytest.mark.parametrize(
    "state", [fences.EventKind.ENTERED, fences.EventKind.EXITED, *emergencies.AlertState, *model.Liveness]
)
def test_there_is_a_word_for_whatever_the_view_may_show(state: str) -> None:
    assert state in words._WORDS
