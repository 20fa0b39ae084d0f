import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import live_frame
from tests.unit.domain import wire_strategies as ws

TICK = dt.datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=dt.UTC)
units = st.builds(
    live_frame.Unit,
    device_id=st.integers(0, 2**32 - 1),
    position=ws.positions,
    time=st.integers(-86_400_000, 86_400_000).map(lambda ms: TICK + dt.timedelta(milliseconds=ms)),
    speed_mps=ws.optional(0, 600),
    course_deg=ws.optional(0, 360),
    moving=st.booleans(),
    three_d=st.booleans(),
)


@given(st.lists(units, max_size=5))
def test_a_frame_is_read_back_within_its_resolution(sent: list[live_frame.Unit]) -> None:
    tick, got = live_frame.decode(live_frame.encode(TICK, sent))

    assert tick == TICK
    for a, b in zip(sent, got, strict=True):
        assert (a.device_id, a.time, a.moving, a.three_d) == (b.device_id, b.time, b.moving, b.three_d)
        assert b.position.lat == pytest.approx(a.position.lat, abs=1e-7)
        assert b.position.lon == pytest.approx(a.position.lon, abs=1e-7)
        assert b.speed_mps == (None if a.speed_mps is None else pytest.approx(a.speed_mps, abs=0.0051))
        assert b.course_deg == (None if a.course_deg is None else pytest.approx(a.course_deg, abs=0.0051))


def test_a_unit_takes_21_bytes() -> None:
    one = live_frame.decode(live_frame.encode(TICK, []))
    assert one == (TICK, [])
    assert live_frame.BYTES_A_UNIT == 21


@given(st.binary(max_size=80))
def test_other_bytes_raise_nothing_but_a_frame_error(noise: bytes) -> None:
    with pytest.raises(live_frame.FrameError):
        live_frame.decode(noise)
    with pytest.raises(live_frame.FrameError):
        live_frame.decode(live_frame.encode(TICK, []) + noise + b"x")
