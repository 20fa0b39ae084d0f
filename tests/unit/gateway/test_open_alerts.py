import uuid

import pytest

from domain import telemetry
from domain.telemetry import PressKind
from domain.wire import control
from gateway import open_alerts


def notice(state: str, fob: str | None = "F1") -> control.AlertNotice:
    return control.AlertNotice(alert_id=uuid.uuid4(), state=state, fob=fob)


@pytest.mark.parametrize("kind", PressKind)
def test_a_press_opens_an_alert_unless_it_is_none(kind: PressKind) -> None:
    alerts = open_alerts.OpenAlerts()

    alerts.pressed("F1", kind, mono_s=0.0)

    harmless = (telemetry.PressKind.TEST, telemetry.PressKind.CHECK_IN, telemetry.PressKind.CANCEL)
    assert alerts.is_any_open(mono_s=1.0) is (kind not in harmless)


def test_an_acknowledged_alert_is_open_until_it_is_resolved() -> None:
    alerts = open_alerts.OpenAlerts()
    alerts.pressed("F1", PressKind.PRESS, mono_s=0.0)
    alerts.notice(notice("acknowledged"), mono_s=1.0)
    assert alerts.is_any_open(mono_s=2.0)

    alerts.notice(notice("resolved"), mono_s=3.0)

    assert not alerts.is_any_open(mono_s=4.0)


def test_a_cancel_closes_its_own_fobs_alert_alone() -> None:
    alerts = open_alerts.OpenAlerts()
    alerts.pressed("F1", PressKind.PRESS, mono_s=0.0)
    alerts.pressed("F2", PressKind.PRESS, mono_s=0.0)

    alerts.pressed("F1", PressKind.CANCEL, mono_s=1.0)
    assert alerts.is_any_open(mono_s=2.0)
    alerts.pressed("F2", PressKind.CANCEL, mono_s=3.0)

    assert not alerts.is_any_open(mono_s=4.0)


def test_a_notice_opens_an_alert_that_was_forgotten_by_a_restart() -> None:
    alerts = open_alerts.OpenAlerts()

    alerts.notice(notice("acknowledged", fob=None), mono_s=0.0)
    assert alerts.is_any_open(mono_s=1.0)
    alerts.notice(notice("resolved", fob="F9"), mono_s=2.0)

    assert not alerts.is_any_open(mono_s=3.0)


def test_an_alert_of_which_nothing_is_heard_ends_after_hours_and_noise_fills_no_memory() -> None:
    alerts = open_alerts.OpenAlerts()
    for number in range(2_000):
        alerts.pressed(f"F{number}", PressKind.PRESS, mono_s=0.0)

    assert alerts.is_any_open(mono_s=open_alerts.LONGEST_S - 1.0)
    assert not alerts.is_any_open(mono_s=open_alerts.LONGEST_S)
    assert len(alerts._since_s) <= 256
