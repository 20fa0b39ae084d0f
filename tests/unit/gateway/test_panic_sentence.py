import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import telemetry
from gateway import panic_sentence, sentence


def read(body: str) -> panic_sentence.Signal | None:
    (parts,) = sentence.Framer().feed(sentence.encode(body))
    return panic_sentence.read(parts)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("PRESS", "press"), ("LONG", "long"), ("DOUBLE", "double"), ("DOWN", "man_down"),
        ("FALL", "fall"), ("CHECKIN", "check_in"), ("CANCEL", "cancel"), ("TEST", "test"),
    ],
)  # fmt: skip
def test_every_word_has_its_kind(word: str, kind: str) -> None:
    assert read(f"PDOP,{word},F1,7,83,-61") == panic_sentence.Signal(
        kind=telemetry.PressKind(kind), fob="F1", number=7, battery_pct=83.0, rssi_dbm=-61.0
    )


def test_alive_is_no_press() -> None:
    signal = read("PDOP,ALIVE,F1,7,83,-61")

    assert signal is not None
    assert signal.kind is None


def test_a_word_of_a_newer_fob_is_a_press() -> None:
    signal = read("PDOP,ABDUCTED,F1,7,83,-61")

    assert signal is not None
    assert signal.kind is telemetry.PressKind.PRESS


@pytest.mark.parametrize("body", ["PDOP,ACK,F1,7,RECEIVED", "PDOP", "PDOP,"])
def test_an_answer_or_nothing_is_no_signal(body: str) -> None:
    assert read(body) is None


@pytest.mark.parametrize(
    ("body", "fob", "number", "battery_pct"),
    [
        ("PDOP,PRESS", "unknown", None, None),
        ("PDOP,PRESS,,,", "unknown", None, None),
        ("PDOP,PRESS,F1,x,250,loud", "F1", None, None),
        ("PDOP,PRESS,F1,7,83,-61,more,fields", "F1", 7, 83.0),
        ("PDOP,PRESS,F1,99999999999999999999,88,-61", "F1", None, 88.0),
        (f"PDOP,PRESS,F1,{2**63},88,-61", "F1", None, 88.0),
        (f"PDOP,PRESS,F1,{2**63 - 1},88,-61", "F1", 2**63 - 1, 88.0),
        ("PDOP,PRESS,F1,00000000000000000000007,88,-61", "F1", 7, 88.0),
        (f"PDOP,PRESS,{'F' * 200},7,83,-61", "F" * 64, 7, 83.0),
    ],
)
def test_a_press_counts_whatever_is_wrong_with_the_rest(
    body: str, fob: str, number: int | None, battery_pct: float | None
) -> None:
    signal = read(body)

    assert signal is not None
    assert (signal.fob, signal.number, signal.battery_pct) == (fob, number, battery_pct)


@given(
    st.lists(
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="$*,"), max_size=20),
        max_size=12,
    )
)
def test_no_fields_make_it_raise(parts: list[str]) -> None:
    panic_sentence.read([b"PDOP", *(part.encode() for part in parts)])
