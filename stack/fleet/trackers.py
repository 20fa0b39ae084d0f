"""Units that speak to the broker themselves: trackers in vehicles, phones of guards."""

import datetime as dt
import math
from collections.abc import Sequence

import uuid_utils.compat

from db.seed import roster
from domain import geo, telemetry
from domain.wire import panic, topics
from stack.fleet import messages, platoon, publisher, receivers

_BATTERY_PCT = 81.0


class Trackers:
    """A wave of units that report together; every `batch`-th time what they have gathered is sent."""

    def __init__(self, platoons: Sequence[platoon.Platoon], out: publisher.Publisher, *, batch: int) -> None:
        self._platoons, self._out, self._batch = platoons, out, batch
        self._topics = [[topics.device_topic(u.tenant, u.device, topics.Lane.FIXES) for u in p.units] for p in platoons]
        self._gathered: list[list[list[str]]] = [[[] for _ in p.units] for p in platoons]
        self._ticks = 0
        self._seen: dict[int, tuple[receivers.Sight, int]] = {}
        self._time: dt.datetime | None = None

    def tick(self, since_s: float, time: dt.datetime, seq: int) -> int:
        """Let time pass, look, and send what is due; gives the number of fixes."""
        self._ticks += 1
        self._time = time
        count = 0
        for each, gathered, addressed in zip(self._platoons, self._gathered, self._topics, strict=True):
            sight = each.report(since_s).sight
            self._seen.update((unit.number, (sight, i)) for i, unit in enumerate(each.units))
            for waiting, written in zip(gathered, messages.fixes(sight, time, seq), strict=True):
                if written is not None:
                    waiting.append(written)
                    count += 1
            if self._ticks % self._batch == 0:
                self._out.publish(
                    (topic, messages.payload(waiting))
                    for topic, waiting in zip(addressed, gathered, strict=True)
                    if waiting
                )
                for waiting in gathered:
                    waiting.clear()
        return count

    def press(self, unit: roster.Unit, kind: telemetry.PressKind, now: dt.datetime, seq: int) -> None:
        """Press the button of a unit of this wave."""
        seen = self._seen.get(unit.number)
        fix = _fix(*seen, self._time) if seen is not None and self._time is not None else None
        press = telemetry.Press(
            id=uuid_utils.compat.uuid7(),
            time=now,
            clock=telemetry.Clock.GPS if fix else telemetry.Clock.NTP,
            fob=unit.fob,
            kind=kind,
            seq=seq,
            battery_pct=_BATTERY_PCT,
            fix=fix,
            fix_age_s=None if fix is None else max(0.0, round((now - fix.time).total_seconds(), 1)),
        )
        self._out.press(topics.device_topic(unit.tenant, unit.device, topics.Lane.PANIC), panic.encode(press))


def _fix(sight: receivers.Sight, i: int, time: dt.datetime) -> telemetry.Fix | None:
    """The fix that the unit had when it looked last; a tracker that had none sends its press without."""
    if not sight.has_fix[i]:
        return None
    course = float(sight.course_deg[i])
    return telemetry.Fix(
        time=time,
        position=geo.Position(round(float(sight.lat[i]), 7), round(float(sight.lon[i]), 7)),
        mode=telemetry.FixMode(int(sight.mode[i])),
        speed_mps=round(float(sight.speed_mps[i]), 2),
        course_deg=None if math.isnan(course) else round(course, 1),
        hdop=float(sight.hdop[i]),
        satellites=int(sight.satellites[i]),
    )
