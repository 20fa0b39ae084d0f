"""What pages hand to the scripts that draw alerts: words for everything, and whether the reader may act."""

import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard import script_texts
from dashboard.components import alert_banner, alert_queue, alert_words, resolve_modal
from domain import accounts, emergencies, telemetry
from tests.unit.dashboard.conftest import NOW

SignIn = Callable[[accounts.Role], accounts.Identity]


def _json(component: Any) -> str:
    return json.dumps(component, cls=PlotlyJSONEncoder, ensure_ascii=False)


@pytest.mark.parametrize("role", accounts.Role)
def test_who_may_act_is_told_by_the_role(role: accounts.Role, sign_in: SignIn) -> None:
    signed_in = sign_in(role)
    assert alert_words.texts()["may_handle"] is signed_in.may(accounts.Permission.HANDLE_ALERTS)


def test_nobody_signed_in_may_not_act() -> None:
    assert alert_words.texts()["may_handle"] is False


@pytest.mark.parametrize("remark", emergencies.AlertRemark)
def test_every_remark_has_words(remark: emergencies.AlertRemark) -> None:
    assert alert_words.remarks()[remark]


@pytest.mark.parametrize("change", emergencies.AlertChange)
def test_every_change_has_words(change: emergencies.AlertChange) -> None:
    assert alert_words.change(change)


def test_an_unknown_change_is_told_as_it_is() -> None:
    assert alert_words.change("handed_over") == "handed_over"


@pytest.mark.parametrize("kind", [*filter(emergencies.raises_alert, telemetry.PressKind)])
def test_every_alert_begins_with_words_that_are_known(kind: telemetry.PressKind) -> None:
    press = telemetry.Press(id=uuid.uuid4(), fob="F-1", kind=kind, time=NOW, clock=telemetry.Clock.GPS, seq=1)
    raised = emergencies.open_alert(
        press,
        alert_id=uuid.uuid4(),
        source=telemetry.DeviceRef(id=1, name="GW-001", tenant_id=uuid.uuid4()),
        fob="F-1",
        reporter=None,
        latest=None,
        now=NOW + dt.timedelta(seconds=1),
    )
    assert any(raised.text.startswith(known.split("{who}")[0]) for known in alert_words.headlines())


def test_headlines_are_french_on_french_pages(french: None) -> None:
    assert alert_words.headlines()["Panic button activated by {who}"] == "Bouton d’alarme actionné par {who}"
    assert alert_words.texts()["presses"] == {"one": "{count} pression", "other": "{count} pressions"}


def test_refusals_have_words_by_their_codes() -> None:
    texts: dict[str, Any] = script_texts.texts()
    for code in ("alert_transition", "alert_not_found", "resolution_missing", "not_permitted", "not_signed_in"):
        assert texts["refusals"][code]
    for code in ("unavailable", "busy", "alert_race", "csrf", "foreign_origin", "no_answer"):
        assert texts["reasons"][code]


def test_only_what_holds_no_time_that_counts_is_said_aloud() -> None:
    drawn = [_json(part) for part in (alert_banner.render(), alert_queue.render())]
    assert not any('"alert"' in part or "aria-live" in part for part in drawn)
    assert '"role": "alert"' in _json(alert_banner.spoken())
    assert '"aria-live": "assertive"' in _json(resolve_modal.render())
