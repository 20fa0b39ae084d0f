import datetime as dt
import json

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from db import fix_rows
from domain import telemetry
from domain.wire import fields, fixes
from ingest import fix_decoder, iso_times

GOOD = {"t": "2026-01-02T03:04:05.678Z", "lat": 60.1, "lon": 24.9, "fix": 3, "seq": 7}

times = st.one_of(
    st.datetimes(min_value=dt.datetime(1975, 1, 1), max_value=dt.datetime(2270, 1, 1)).map(  # noqa: DTZ001
        lambda t: t.isoformat(timespec="milliseconds") + "Z"
    ),
    st.datetimes().map(lambda t: t.isoformat() + "+02:00"),
    st.sampled_from(
        [
            "2026-02-29T00:00:00.000Z",
            "2024-02-29T23:59:59.999Z",
            "2026-13-01T00:00:00.000Z",
            "2026-00-01T00:00:00.000Z",
            "2026-04-31T00:00:00.000Z",
            "2026-01-01T24:00:00.000Z",
            "2026-01-01T00:60:00.000Z",
            "2026-01-01T00:00:60.000Z",
            "2026-01-01 00:00:00.000Z",
            "2026-01-01T00:00:00,000Z",
            "2026-01-01T00:00:00.000z",
            "2026-01-01T00:00:00.0000",
            "1980-01-05T23:59:59.999Z",
            "1980-01-06T00:00:00.000Z",
            "2262-01-01T00:00:00.000Z",
            "",
        ]
    ),
    st.text(max_size=26),
)
numbers = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 700),
    st.integers(2**62, 2**65),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-200, 700),
    st.text(max_size=2),
    st.just([1]),
)
elements = st.one_of(
    st.fixed_dictionaries(
        {
            "t": times,
            "lat": st.floats(-91, 91),
            "lon": st.floats(-181, 181),
            "fix": st.sampled_from([2, 3]),
            "seq": st.integers(0, 2**63),
        },
        optional=dict.fromkeys(("alt", "spd", "crs", "hdop", "sat", "acc", "odo", "new"), numbers),
    ),
    st.dictionaries(st.sampled_from(["t", "lat", "lon", "fix", "seq", "alt", "sat"]), st.one_of(numbers, times)),
    numbers,
)
payloads = st.one_of(
    st.lists(elements, max_size=4).map(lambda value: json.dumps(value).encode()),
    st.lists(elements, max_size=4).map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")),
    st.binary(max_size=40),
    elements.map(lambda value: json.dumps(value).encode()),
)


def reference(payload: bytes) -> tuple[list[tuple[object, ...]], list[tuple[str, tuple[int, ...]]]]:
    try:
        decoded = fixes.decode(payload)
    except fields.WireError as error:
        return [], [(str(error), ())]
    rows = [_key(item.seq, item.fix) for item in decoded.fixes]
    reason = "; ".join(f"element {element.index}: {element.reason}" for element in decoded.bad)
    seqs = tuple(element.seq for element in decoded.bad if element.seq is not None)
    return rows, [(reason, seqs)] if decoded.bad else []


def _key(seq: int, fix: telemetry.Fix) -> tuple[object, ...]:
    def real(value: float | None) -> float | None:
        return None if value is None else float(np.float32(value))

    return (
        iso_times.unix_us(fix.time),
        fix.position.lat,
        fix.position.lon,
        seq,
        int(fix.mode),
        real(fix.alt_m),
        real(fix.speed_mps),
        real(fix.course_deg),
        real(fix.hdop),
        real(fix.accuracy_m),
        fix.odometer_m,
        fix.satellites,
    )


def _row_key(row: np.void) -> tuple[object, ...]:
    def real(value: np.float32) -> float | None:
        return None if np.isnan(value) else float(value)

    return (
        int(row["time_us"]),
        float(row["lat"]),
        float(row["lon"]),
        int(row["seq"]),
        int(row["fix_mode"]),
        *(real(row[name]) for name in ("alt_m", "speed_mps", "course_deg", "hdop", "accuracy_m")),
        None if np.isnan(row["odometer_m"]) else float(row["odometer_m"]),
        None if row["satellites"] == fix_rows.NO_SATELLITES else int(row["satellites"]),
    )


@given(st.lists(payloads, max_size=4))
@example(
    [
        b'[{"t":"2026-01-02T03:04:05.678","lat":1,"lon":2,"fix":3,"seq":1}]',
        b'[{"t":"Z2026-01-02T03:04:05.678Z","lat":1,"lon":2,"fix":3,"seq":2}]',
    ]
)
@example([b'[{"t":"2026-01-02T03:04:05.678Z","lat":1,"lat":2,"lon":2,"fix":3,"seq":1}]'])
@example([b'[{"t":"2026-01-02T03:04:05.678Z","lat":95,"lat":9,"lon":2,"fix":3,"seq":1}]'])
@example([b'[{"t":"2026-01-02T03:04:05.678Z","lat":1,"lon":2,"fix":3,"seq":1,"note":"\xff"}]'])
@example([b"[" * 100_000])
@example([b'\xef\xbb\xbf[{"t":"2026-01-02T03:04:05.678Z","lat":1,"lon":2,"fix":3,"seq":1}]'])
@example([b'[{"t":"2026-01-02T03:04:05.678Z","lat":1e400,"lon":2,"fix":3,"seq":1}]'])
@example([b'[{"t":"2026-01-02T03:04:05.678Z","lat":1,"lon":2,"fix":3.0,"seq":1}]'])
@example([b'[{"t":"2026-01-02T03:04:05.678Z","lat":1.2345678901234567890123,"lon":-0,"fix":3,"seq":0}]'])
def test_the_fast_decoder_says_what_the_plain_one_says(batch: list[bytes]) -> None:
    decoded = fix_decoder.decode(batch)

    for index, payload in enumerate(batch):
        rows, bad = reference(payload)
        assert [_row_key(row) for row in decoded.rows[decoded.rows["message"] == index]] == rows
        assert [(item.reason, item.seqs) for item in decoded.bad if item.message == index] == bad


def test_a_bad_element_is_told_and_the_good_ones_beside_it_count() -> None:
    payload = json.dumps([GOOD, {**GOOD, "lat": 91, "seq": 8}, {**GOOD, "seq": 9}]).encode()

    decoded = fix_decoder.decode([payload])

    assert decoded.rows["seq"].tolist() == [7, 9]
    assert decoded.bad == [
        fix_decoder.BadPayload(message=0, reason="element 1: lat 91 is not within -90 to 90", seqs=(8,))
    ]


def test_a_megabyte_of_noise_spoils_no_other_payload() -> None:
    noise = np.random.default_rng(1).bytes(1_000_000)

    decoded = fix_decoder.decode([json.dumps([GOOD]).encode(), noise, json.dumps([{**GOOD, "seq": 8}]).encode()])

    assert decoded.rows["seq"].tolist() == [7, 8]
    assert decoded.rows["message"].tolist() == [0, 2]
    assert [bad.message for bad in decoded.bad] == [1]


@given(st.lists(times, max_size=20))
def test_times_are_read_as_python_reads_them(texts: list[str]) -> None:
    time_us, usual = iso_times.parse(texts)

    for text, read_us, is_usual in zip(texts, time_us.tolist(), usual.tolist(), strict=True):
        if is_usual:
            assert iso_times.unix_us(dt.datetime.fromisoformat(text)) == read_us
        else:
            assert text != GOOD["t"]
