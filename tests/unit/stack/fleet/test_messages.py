import datetime as dt

import pytest

from db.seed import roster
from domain.wire import fixes, topics
from stack.fleet import messages, platoon
from tests import town

_NOW = dt.datetime(2026, 3, 4, 5, 6, 7, 891_234, dt.UTC)


def test_what_the_fleet_writes_the_contract_reads() -> None:
    units = roster.enlist(units=60, gateways=0)
    platoons = platoon.form(town.load(), units, waves=1, seed=4)[0]
    read = 0

    for each in platoons:
        report = each.report(90.0)
        for i, written in enumerate(messages.fixes(report.sight, _NOW, 1234)):
            if not report.sight.has_fix[i]:
                assert written is None
                continue
            assert written is not None
            decoded = fixes.decode(messages.payload([written]))
            assert decoded.bad == ()
            numbered = decoded.fixes[0]
            assert numbered.seq == 1234
            assert numbered.fix.time == _NOW.replace(microsecond=891_000)
            assert numbered.fix.position.lat == pytest.approx(report.sight.lat[i], abs=1e-7)
            assert numbered.fix.position.lon == pytest.approx(report.sight.lon[i], abs=1e-7)
            assert numbered.fix.hdop == report.sight.hdop[i]
            assert numbered.fix.satellites == report.sight.satellites[i]
            assert (numbered.fix.course_deg is None) == (report.sight.speed_mps[i] < 0.6)
            read += 1
    assert read > 30


def test_several_fixes_make_one_message() -> None:
    unit = roster.enlist(units=1, gateways=0)
    each = platoon.form(town.load(), unit, waves=1, seed=4)[0][0]
    written = [messages.fixes(each.report(1.0).sight, _NOW + dt.timedelta(seconds=s), 10 + s)[0] for s in range(3)]

    decoded = fixes.decode(messages.payload([text for text in written if text is not None]))

    assert [item.seq for item in decoded.fixes] == [10, 11, 12]


def test_every_device_of_the_fleet_may_stand_in_a_topic() -> None:
    for unit in roster.enlist(units=100, gateways=3):
        assert topics.device_topic(unit.tenant, unit.device, topics.Lane.PANIC)
