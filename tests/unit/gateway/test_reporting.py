import datetime as dt

import pytest

from domain import geo, telemetry
from gateway import reporting

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def due(interval_s: float, seconds: list[float]) -> list[float]:
    reports = reporting.Reporting(interval_s)
    return [
        second for second in seconds
        if reports.is_due(telemetry.Fix(time=NOW + dt.timedelta(seconds=second), position=geo.Position(1.0, 2.0)))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("interval_s", "seconds", "expected"),
    [
        (0.0, [0.0, 0.1, 0.2], [0.0, 0.1, 0.2]),
        (5.0, [0.0, 1.0, 4.0, 4.96, 6.0, 9.97], [0.0, 4.96, 9.97]),
        (5.0, [100.0, 0.0, 1.0, 5.0], [100.0, 0.0, 5.0]),
    ],
    ids=["every fix", "one in five seconds", "a clock that went back"],
)
def test_fixes_are_picked_by_their_own_times(interval_s: float, seconds: list[float], expected: list[float]) -> None:
    assert due(interval_s, seconds) == expected
