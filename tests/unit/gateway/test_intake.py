import datetime as dt
from pathlib import Path

import pytest

from domain import geo, telemetry
from domain.wire import fixes
from gateway import (
    epoch_choice,
    instants,
    intake,
    open_alerts,
    press_clock,
    recording,
    reporting,
    reporting_rules,
    selection,
)

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
PLACES = {"a": geo.Position(1.0, 1.0), "b": geo.Position(2.0, 2.0)}
NAMES = {place: name for name, place in PLACES.items()}


def at(mono_s: float) -> instants.Instant:
    return instants.Instant(NOW + dt.timedelta(seconds=mono_s), mono_s)


class Desk:
    """An intake of two receivers, of which `a` leads, and what it hands on."""

    def __init__(self, folder: Path) -> None:
        self.sent: list[telemetry.Fix] = []
        self._record = recording.Recording(folder / "recent")
        self.work = intake.Intake(
            floor=None,
            choice=selection.Selection(),
            clock=press_clock.PressClock(None),
            reports=reporting.Reporting(reporting_rules.EVERY_FIX),
            record=self._record,
            alerts=open_alerts.OpenAlerts(folder / "alerts.json", now=at(0.0)),
            keep=self.sent.extend,
        )

    def hear(self, receiver: str, second: int, at_s: float, *, hdop: float = 1.0) -> None:
        time = NOW + dt.timedelta(seconds=second)
        fix = telemetry.Fix(time=time, position=PLACES[receiver], mode=telemetry.FixMode.THREE_D, hdop=hdop)
        self.work.take(receiver, [fix], at(at_s))

    def told(self) -> list[tuple[str, int]]:
        return [(NAMES[fix.position], fix.time.second) for fix in self.sent]

    def recorded(self) -> int:
        return sum(1 for _ in recording.between(self._record.pieces(), fixes.EARLIEST, fixes.LATEST))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Both have told the first second; the lead alone has told the next."""
    desk = Desk(tmp_path)
    desk.hear("a", 1, 1.0)
    desk.hear("b", 1, 1.1)
    desk.hear("a", 2, 2.0)
    assert desk.told() == [("a", 1)]
    return desk


def test_a_fix_that_waits_for_another_receivers_is_handed_on_when_its_time_is_up(desk: Desk) -> None:
    desk.work.tend(at(2.0 + epoch_choice.WAIT_S - 0.01))
    assert desk.told() == [("a", 1)]

    desk.work.tend(at(2.0 + epoch_choice.WAIT_S + 0.01))

    assert desk.told() == [("a", 1), ("a", 2)]
    assert desk.recorded() == 2


def test_of_two_that_came_in_time_the_better_is_handed_on_and_tending_adds_nothing(desk: Desk) -> None:
    desk.hear("b", 2, 2.1, hdop=0.5)

    desk.work.tend(at(9.0))

    assert desk.told() == [("a", 1), ("b", 2)]
    assert desk.recorded() == 2


def test_at_the_end_what_still_waits_is_handed_on_at_once_and_only_once(desk: Desk) -> None:
    desk.work.finish(at(2.01))
    assert desk.told() == [("a", 1), ("a", 2)]

    desk.hear("b", 2, 2.1, hdop=0.5)
    desk.work.finish(at(2.2))

    assert desk.told() == [("a", 1), ("a", 2)]
    assert desk.recorded() == 2
