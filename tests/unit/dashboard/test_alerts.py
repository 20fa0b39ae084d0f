"""Alerts on the pages: what a reader sees and may do."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.components import alert_banner, alert_queue, alert_words, notices
from domain import accounts, emergencies
from tests.unit.dashboard.conftest import NOW, AlertMaker

SignIn = Callable[[accounts.Role], accounts.Identity]


def _json(component: Any) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


def test_banner_is_empty_without_an_alert() -> None:
    assert alert_banner.content([], None) == []


def test_banner_says_who_took_it_where_nothing_else_is_open(make_alert: AlertMaker) -> None:
    taken = make_alert(state="acknowledged", acknowledged_by="Bo")
    assert "taken by Bo" in _json(alert_banner.content([taken], None))
    assert "taken by Bo" not in _json(alert_banner.content([taken, make_alert()], taken["id"]))


def test_banner_shows_the_most_urgent_and_counts_the_others(make_alert: AlertMaker) -> None:
    alerts = [make_alert(who="Aino"), make_alert(who="Bo"), make_alert(who="Cy", state="acknowledged")]
    shown = _json(alert_banner.content(alerts, None))
    assert "Aino" in shown
    assert "1 more open" in shown
    assert "Bo" not in shown


def test_banner_shows_the_selected_one(make_alert: AlertMaker) -> None:
    alerts = [make_alert(who="Aino"), make_alert(who="Bo")]
    shown = _json(alert_banner.content(alerts, alerts[1]["id"]))
    assert "Bo" in shown
    assert '"aria-current": "true"' in shown


def test_queue_says_that_nobody_needs_help() -> None:
    assert "Nobody needs help." in _json(alert_queue.content([], None))


def test_queue_marks_only_the_selected_row(make_alert: AlertMaker) -> None:
    alerts = [make_alert(), make_alert(), make_alert()]
    rows = alert_queue.content(alerts, alerts[1]["id"]).children
    assert [row.to_plotly_json()["props"]["aria-current"] for row in rows] == ["false", "true", "false"]


def test_actions_are_those_that_the_state_and_the_role_allow(make_alert: AlertMaker, sign_in: SignIn) -> None:
    sign_in(accounts.Role.DISPATCHER)
    opened = _json(alert_queue.content([make_alert()], None))
    taken = _json(alert_queue.content([make_alert(state="acknowledged", acknowledged_by="Bo")], None))
    nowhere = _json(alert_queue.content([make_alert(lat=None, lon=None, location_age_s=None)], None))
    assert all(f'"data-action": "{action}"' in opened for action in ("acknowledge", "resolve", "locate"))
    assert '"data-action": "acknowledge"' not in taken
    assert "taken by Bo" in taken
    assert '"data-action": "locate"' not in nowhere


def test_nobody_signed_in_has_no_actions(make_alert: AlertMaker) -> None:
    shown = _json(alert_queue.content([make_alert()], None))
    assert '"data-action": "acknowledge"' not in shown
    assert '"data-action": "resolve"' not in shown


@pytest.mark.parametrize("remark", emergencies.AlertRemark)
def test_every_remark_has_words(remark: emergencies.AlertRemark, make_alert: AlertMaker) -> None:
    assert all(alert_words.remarks(make_alert(remarks=[remark])))


@pytest.mark.parametrize("change", emergencies.AlertChange)
def test_every_change_has_words(change: emergencies.AlertChange) -> None:
    assert alert_words.change(change)


def test_a_press_without_a_person_is_told_by_its_fob(make_alert: AlertMaker) -> None:
    assert alert_words.who(make_alert(who=None)) == "fob F-1 on GW-001"


def test_a_cancel_and_more_presses_are_remarks(make_alert: AlertMaker) -> None:
    found = alert_words.remarks(make_alert(press_count=3, cancelled_by_device_at="2026-11-24T12:00:00Z"))
    assert found == ["cancelled on the device: check on them", "3 presses"]


def test_being_second_is_told_with_the_name_of_the_first() -> None:
    error = emergencies.AlertTransitionError(
        emergencies.AlertState.ACKNOWLEDGED, emergencies.AlertState.ACKNOWLEDGED, "Bo"
    )
    notice = notices.refused(error)
    assert notice["title"] == "Somebody was faster"
    assert "by Bo" in notice["message"]


def test_times_are_told_to_scripts_in_milliseconds() -> None:
    assert alert_words.milliseconds("2026-11-24T12:00:00Z") == NOW.timestamp() * 1000
    assert alert_words.milliseconds((NOW + dt.timedelta(seconds=1)).isoformat()) == NOW.timestamp() * 1000 + 1000
