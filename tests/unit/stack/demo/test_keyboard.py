import pytest

from stack.demo import keyboard


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("p", ["p"]),
        ("\x1b[A\x1b[B", ["up", "down"]),
        ("\x1bOA", ["up"]),
        ("\t", ["tab"]),
        ("\x1b", ["escape"]),
        ("ça va\r", ["ç", "a", " ", "v", "a", "enter"]),
        ("\x7f", ["backspace"]),
        ("\x00\x01", []),
    ],
)
def test_keys_are_told_apart(typed: str, keys: list[str]) -> None:
    assert keyboard.parse(typed) == keys


def test_an_unknown_sequence_types_nothing_but_is_not_swallowed_whole() -> None:
    assert keyboard.parse("\x1b[5~p")[-1] == "p"
