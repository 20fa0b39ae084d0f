import contextlib
import datetime as dt
import json
import math
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import telemetry
from domain.wire import fields, panic
from tests.unit.domain import wire_strategies as ws

RECEIVED = dt.datetime(2026, 3, 1, 12, 0, 5, tzinfo=dt.UTC)
ORIGIN = "driveops/v1/demo/van-01/panic"
GOOD: dict[str, Any] = {
    "id": "0198c6f0-0000-7000-8000-000000000001",
    "t": "2026-03-01T12:00:00.000Z",
    "clock": "gps",
    "fob": "FOB-00001",
    "kind": "press",
    "fix": None,
    "seq": 3,
}


def decode(record: object) -> telemetry.Press:
    return panic.decode(json.dumps(record).encode(), origin=ORIGIN, received_at=RECEIVED)


@given(ws.presses)
def test_a_press_is_read_back_as_it_was_written(press: telemetry.Press) -> None:
    assert panic.decode(panic.encode(press), origin=ORIGIN, received_at=RECEIVED) == press


@given(st.dictionaries(st.text(max_size=6) | st.sampled_from([*GOOD, "bat", "fix_age_s"]), ws.json_values))
def test_any_object_is_a_press(record: dict[str, Any]) -> None:  # R44
    assert decode(record).kind in telemetry.PressKind


@given(st.binary())
def test_noise_raises_nothing_but_its_own_error(noise: bytes) -> None:
    with contextlib.suppress(fields.WireError):
        panic.decode(noise, origin=ORIGIN, received_at=RECEIVED)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "no uuid"},
        {"id": None},
        {"t": "25 o'clock"},
        {"t": "9999-12-31T23:59:30Z"},
        {"t": "0001-01-01T00:00:00Z"},
        {"clock": "sundial"},
        {"fob": ""},
        {"fob": "a\x00b"},
        {"fob": "\ud800"},
        {"bat": math.nan},
        {"kind": "shout"},
        {"fix": {"lat": 999}},
        {"fix": 5},
        {"bat": 101},
        {"fix_age_s": -1},
        {"seq": "three"},
    ],
)
def test_what_is_wrong_is_remarked_and_the_press_counts(change: dict[str, Any]) -> None:  # R44
    press = decode(GOOD | change)

    assert len(press.remarks) == 1
    assert press.kind is telemetry.PressKind.PRESS


def test_an_unreadable_time_is_the_receipt_with_the_clock_unset() -> None:
    press = decode(GOOD | {"t": None})

    assert press.time == RECEIVED
    assert press.clock is telemetry.Clock.UNSET


def test_a_redelivered_press_without_an_id_has_the_same_id_again() -> None:
    without = {key: value for key, value in GOOD.items() if key != "id"}

    assert decode(without).id == decode(without).id
    assert decode(without).id != decode(without | {"seq": 4}).id
    assert decode(GOOD).id == uuid.UUID(GOOD["id"])


def test_the_seq_of_a_press_is_read_for_its_acknowledgement() -> None:
    assert panic.seq_of(json.dumps(GOOD).encode()) == 3
    assert panic.seq_of(b"noise") is None
    assert panic.seq_of(b"{}") is None


def test_noise_stands_for_a_press_that_comes_again_as_the_same() -> None:
    press, again = (panic.unreadable(b"\xff", origin=ORIGIN, received_at=RECEIVED, reason="not JSON") for _ in range(2))

    assert press == again
    assert (press.kind, press.clock, press.remarks) == (
        telemetry.PressKind.PRESS,
        telemetry.Clock.UNSET,
        ("not JSON",),
    )
