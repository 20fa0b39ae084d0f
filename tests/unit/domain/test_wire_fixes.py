import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.wire import fields, fixes
from tests.unit.domain import wire_strategies as ws

GOOD: dict[str, Any] = {"t": "2026-03-01T12:00:00.250Z", "lat": 60.17, "lon": 24.94, "fix": 3, "seq": 7}


def payload(*records: object) -> bytes:
    return json.dumps(records).encode()


@given(st.lists(ws.numbered_fixes, min_size=1, max_size=5))
def test_fixes_are_read_back_as_they_were_written(numbered: list[fixes.Numbered]) -> None:
    decoded = fixes.decode(fixes.encode(numbered))

    assert decoded.fixes == tuple(numbered)
    assert decoded.bad == ()


@given(st.binary() | ws.json_values.map(lambda v: json.dumps(v).encode()))
def test_decode_raises_nothing_but_its_own_error(noise: bytes) -> None:
    with contextlib.suppress(fields.WireError):
        fixes.decode(noise)


@given(st.dictionaries(st.sampled_from([*GOOD, "alt", "spd", "crs", "hdop", "sat", "acc", "odo"]), ws.json_values))
def test_a_fix_of_any_json_is_good_or_told_bad_beside_the_good_one(changes: dict[str, Any]) -> None:
    decoded = fixes.decode(payload(GOOD, GOOD | changes))

    assert len(decoded.fixes) + len(decoded.bad) == 2
    assert decoded.fixes[0].seq == GOOD["seq"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lat": 91}, "lat"),
        ({"lat": None}, "lat"),
        ({"lat": True}, "lat"),
        ({"lon": "24.9"}, "lon"),
        ({"lon": -180.1}, "lon"),
        ({"t": "2026-03-01T12:00:00"}, "t has no zone"),
        ({"t": "yesterday"}, "t is not"),
        ({"t": 1700000000}, "t is not"),
        ({"t": "1970-01-01T00:00:00Z"}, "not a date of GPS"),
        ({"fix": 1}, "fix"),
        ({"fix": 4}, "fix"),
        ({"spd": -1}, "spd"),
        ({"crs": 361}, "crs"),
        ({"hdop": 10**400}, "hdop"),
        ({"sat": 7.5}, "sat"),
        ({"seq": -1}, "seq"),
        ({"seq": 2**63}, "seq"),
        ({"seq": None}, "seq is missing"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], named: str) -> None:
    decoded = fixes.decode(payload(GOOD | change))

    assert decoded.fixes == ()
    assert named in decoded.bad[0].reason


def test_a_bad_element_keeps_its_seq_so_that_it_can_be_acknowledged() -> None:
    assert fixes.decode(payload(GOOD | {"lat": 91})).bad[0].seq == 7


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\xff",
        b"{}",
        b"[]",
        b"null",
        b"[NaN]",
        b"[" * 100_000,
        b"[" + b"1" * 10_000 + b"]",
        payload(*[GOOD] * 501),
    ],
)
def test_a_payload_that_is_no_array_of_1_to_500_is_refused_or_all_bad(noise: bytes) -> None:
    with contextlib.suppress(fields.WireError):
        assert fixes.decode(noise).fixes == ()


def test_too_many_fixes_are_not_written() -> None:
    one = fixes.decode(payload(GOOD)).fixes
    with pytest.raises(fields.WireError, match="501"):
        fixes.encode(one * 501)


def test_a_fix_without_course_says_nothing_of_it() -> None:
    assert b"crs" not in fixes.encode(fixes.decode(payload(GOOD)).fixes)
