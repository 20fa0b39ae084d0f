"""The day in figures, by its data."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from api import figures_desk
from dashboard.components import today_figures, today_rows, today_view
from dashboard.figures import bars
from db import today_reads
from domain import accounts, emergencies
from tests.unit.dashboard.conftest import NOW

ZONE = "Europe/Helsinki"


def _unit(name: str, *, km: float = 0.0, age_s: float | None = 5.0, moving: bool = True) -> today_reads.UnitDay:
    return today_reads.UnitDay(
        device_id=1,
        name=name,
        person=None,
        time=None if age_s is None else NOW - dt.timedelta(seconds=age_s),
        moving=moving,
        fixes=10,
        distance_m=km * 1000,
        moving_s=0.0,
    )


def _alert(answer_s: float | None) -> today_reads.AlertDay:
    raised = NOW - dt.timedelta(minutes=10)
    return today_reads.AlertDay(
        id=uuid.uuid4(),
        state=emergencies.AlertState.OPEN,
        fob="F-1",
        device_name="GW-001",
        person="Aino Laine",
        raised_at=raised,
        answered_at=None if answer_s is None else raised + dt.timedelta(seconds=answer_s),
        answered_by=None,
    )


def _day(**changes: Any) -> figures_desk.Today:
    empty: dict[str, Any] = {"start": NOW, "units": [], "alerts": [], "visits": [], "now": NOW}
    return figures_desk.Today(**{**empty, **changes})


def _values(day: figures_desk.Today) -> dict[str, str]:
    links = [item.children for item in today_figures.render(day).children]
    return {link.children[1].children: link.children[0].children for link in links}


@pytest.mark.parametrize(
    ("now", "zone", "start"),
    [
        ("2026-11-24T21:59:00Z", "Europe/Helsinki", "2026-11-23T22:00:00Z"),
        ("2026-11-24T22:00:00Z", "Europe/Helsinki", "2026-11-24T22:00:00Z"),
        ("2026-03-29T12:00:00Z", "Europe/Helsinki", "2026-03-28T22:00:00Z"),  # clocks go forward that morning
        ("2026-11-24T04:00:00Z", "America/Chicago", "2026-11-23T06:00:00Z"),
    ],
)
def test_the_day_starts_at_the_tenants_midnight(now: str, zone: str, start: str) -> None:
    found = figures_desk.day_start(dt.datetime.fromisoformat(now), zone)
    assert found == dt.datetime.fromisoformat(start)


def test_units_are_counted_by_state() -> None:
    units = [
        _unit("a"),
        _unit("b", moving=False),
        _unit("c", age_s=emergencies.OLD_POSITION_S + 1),
        _unit("d", age_s=None),
    ]
    values = _values(_day(units=units))
    assert (values["moving"], values["standing"], values["silent for over 30 minutes"]) == ("1", "1", "2")
    assert values["fixes"] == "40"


def test_distance_and_median_answer() -> None:
    values = _values(_day(units=[_unit("a", km=1.24), _unit("b", km=2)], alerts=[_alert(10), _alert(None), _alert(90)]))
    assert values["km driven"] == "3.2"
    assert values["alerts"] == "3"
    assert values["median time to the first answer"] == "50 s"


def test_without_an_answer_there_is_no_median() -> None:
    assert _values(_day(alerts=[_alert(None)]))["median time to the first answer"] == "none yet"


def test_every_number_leads_to_its_rows() -> None:
    hrefs = {item.children.href for item in today_figures.render(_day()).children}
    assert hrefs == {"#today-units", "#today-alerts", "#today-visits"}


def test_the_rows_say_what_the_numbers_count() -> None:
    day = _day(units=[_unit("a", km=1.24), _unit("d", age_s=None)], alerts=[_alert(10.4), _alert(None)])

    units, alerts, visits = (section.children[-1] for section in today_rows.render(day, zone="Europe/Helsinki"))

    assert [column["headerName"] for column in units.columnDefs][:2] == ["Unit", "Person"]
    assert [list(row.values())[:5] for row in units.rowData] == [
        ["a", "", "➤ moving", 10, 1.2],
        ["d", "", "– silent", 10, 0.0],
    ]
    assert [list(row.values())[1:3] for row in alerts.rowData] == [["Aino Laine", 10], ["Aino Laine", None]]
    assert visits.rowData == []


def test_distance_chart_holds_those_that_drove_in_km() -> None:
    chart = bars.distance([_unit("a", km=3), _unit("b", km=0.5), _unit("c")])
    assert list(chart.data[0].y) == ["a", "b"]
    assert list(chart.data[0].x) == [3.0, 0.5]


def test_charts_hold_twenty_bars_at_most() -> None:
    assert len(bars.distance([_unit(str(number), km=1) for number in range(30)]).data[0].y) == 20


def test_answers_chart_goes_by_the_day_and_leaves_out_the_unanswered() -> None:
    chart = bars.answers(_day(alerts=[_alert(90), _alert(None), _alert(10)]), zone=ZONE)
    assert list(chart.data[0].x) == [10, 90]


def test_visits_chart() -> None:
    fence = today_reads.Visits(fence="Depot", visits=4, units=2, last_at=NOW)
    chart = bars.visits([fence])
    assert (list(chart.data[0].y), list(chart.data[0].x)) == (["Depot"], [4])


def test_a_dispatcher_is_told_why_there_are_no_figures(
    sign_in: Callable[[accounts.Role], accounts.Identity],
) -> None:
    sign_in(accounts.Role.DISPATCHER)
    page: Any = asyncio.run(today_view.render())
    assert page.role == "alert"
    assert page.children[0].children == "Your role does not allow this"
