"""Alerts on the pages: what a reader sees and may do."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard.components import alert_banner, alert_queue, alert_words
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


@pytest.mark.parametrize("remarks", [["from_the_future"], ["old_position", "from_the_future"]])
def test_an_unknown_remark_hides_no_alert(remarks: list[str], make_alert: AlertMaker) -> None:
    alerts = [make_alert(who="Aino", remarks=remarks), make_alert(who="Bo")]
    assert "from_the_future" in _json(alert_banner.content(alerts, None))
    assert "Bo" in _json(alert_queue.content(alerts, None))


def test_an_unknown_change_is_told_as_it_is() -> None:
    assert alert_words.change("handed_over") == "handed_over"


def test_a_taken_alert_gives_way_to_an_open_one_although_it_is_selected(make_alert: AlertMaker) -> None:
    taken, opened = make_alert(who="Cy", state="acknowledged", acknowledged_by="Ann"), make_alert(who="Bo")
    shown = _json(alert_banner.content([taken, opened], taken["id"]))
    assert "Bo" in shown
    assert "Cy" not in shown
    assert '"aria-current": "false"' in shown  # the scripts select it


def test_what_is_said_aloud_holds_no_time_that_counts(make_alert: AlertMaker) -> None:
    alerts = [make_alert(), make_alert()]
    assert alert_banner.speech(alerts, None) == "Panic button activated by Aino Laine, open, 1 more open"
    assert alert_banner.speech([], None) == ""
    live = [json.dumps(part, cls=PlotlyJSONEncoder) for part in (alert_banner.render(), alert_queue.render())]
    assert not any('"alert"' in part or "aria-live" in part for part in live)


def test_what_was_drawn_is_told_by_its_number(make_alert: AlertMaker) -> None:
    wanted = {"serial": 7, "alerts": [make_alert()], "selected": None}
    assert asyncio.run(alert_banner.show(wanted))[2] == 7
    assert asyncio.run(alert_queue.show(wanted))[1] == 7
    assert asyncio.run(alert_banner.show(None)) == ([], "", 0)


def test_times_are_told_to_scripts_in_milliseconds() -> None:
    assert alert_words.milliseconds("2026-11-24T12:00:00Z") == NOW.timestamp() * 1000
    assert alert_words.milliseconds((NOW + dt.timedelta(seconds=1)).isoformat()) == NOW.timestamp() * 1000 + 1000
