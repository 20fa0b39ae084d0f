import datetime as dt
import uuid
from pathlib import Path

import pytest

from domain.telemetry import PressKind
from domain.wire import control
from gateway import instants, open_alerts

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
HARMLESS = (PressKind.TEST, PressKind.CHECK_IN, PressKind.CANCEL)


def instant(mono_s: float, *, after_s: float = 0.0) -> instants.Instant:
    return instants.Instant(NOW + dt.timedelta(seconds=after_s), mono_s)


def opened(folder: Path, now: instants.Instant | None = None) -> open_alerts.OpenAlerts:
    return open_alerts.OpenAlerts(folder / "alerts.json", now=now or instant(0.0))


@pytest.fixture
def alerts(tmp_path: Path) -> open_alerts.OpenAlerts:
    return opened(tmp_path)


def notice(state: str, fob: str | None = "F1") -> control.AlertNotice:
    return control.AlertNotice(alert_id=uuid.uuid4(), state=state, fob=fob)


@pytest.mark.parametrize("kind", PressKind)
def test_a_press_opens_an_alert_unless_it_is_none(alerts: open_alerts.OpenAlerts, kind: PressKind) -> None:
    alerts.pressed("F1", kind, mono_s=0.0)

    assert alerts.is_any_open(mono_s=1.0) is (kind not in HARMLESS)


def test_an_acknowledged_alert_is_open_until_it_is_resolved(alerts: open_alerts.OpenAlerts) -> None:
    alerts.pressed("F1", PressKind.PRESS, mono_s=0.0)
    alerts.notice(notice("acknowledged"), mono_s=1.0)
    assert alerts.is_any_open(mono_s=2.0)

    alerts.notice(notice("resolved"), mono_s=3.0)

    assert not alerts.is_any_open(mono_s=4.0)


def test_a_cancel_ends_no_alert_as_a_person_must_still_look(alerts: open_alerts.OpenAlerts) -> None:
    alerts.pressed("F1", PressKind.PRESS, mono_s=0.0)

    alerts.pressed("F1", PressKind.CANCEL, mono_s=1.0)

    assert alerts.is_any_open(mono_s=2.0)


def test_a_resolution_closes_its_own_fobs_alert_alone(alerts: open_alerts.OpenAlerts) -> None:
    alerts.pressed("F1", PressKind.PRESS, mono_s=0.0)
    alerts.pressed("F2", PressKind.PRESS, mono_s=0.0)

    alerts.notice(notice("resolved", fob="F1"), mono_s=1.0)
    assert alerts.is_any_open(mono_s=2.0)
    alerts.notice(notice("resolved", fob=None), mono_s=3.0)

    assert not alerts.is_any_open(mono_s=4.0)


def test_a_notice_opens_an_alert_that_is_not_known_here(alerts: open_alerts.OpenAlerts) -> None:
    alerts.notice(notice("acknowledged", fob=None), mono_s=0.0)
    assert alerts.is_any_open(mono_s=1.0)
    alerts.notice(notice("resolved", fob="F9"), mono_s=2.0)

    assert not alerts.is_any_open(mono_s=3.0)


def test_an_alert_of_which_nothing_is_heard_ends_after_hours_and_noise_fills_no_memory(
    alerts: open_alerts.OpenAlerts,
) -> None:
    for number in range(2_000):
        alerts.pressed(f"F{number}", PressKind.PRESS, mono_s=0.0)

    assert alerts.is_any_open(mono_s=open_alerts.LONGEST_S - 1.0)
    assert not alerts.is_any_open(mono_s=open_alerts.LONGEST_S)
    assert len(alerts._since_s) <= 256


def test_an_open_alert_outlives_a_restart_for_what_is_left_of_its_four_hours(
    tmp_path: Path, alerts: open_alerts.OpenAlerts
) -> None:
    alerts.pressed("F1", PressKind.PRESS, mono_s=1_000.0)
    alerts.save(instant(1_600.0))

    again = opened(tmp_path, instant(5.0, after_s=3_000.0))  # the box itself was started anew

    assert again.is_any_open(mono_s=5.0 + open_alerts.LONGEST_S - 3_601.0)
    assert not again.is_any_open(mono_s=5.0 + open_alerts.LONGEST_S - 3_600.0)
    assert not opened(tmp_path, instant(5.0, after_s=open_alerts.LONGEST_S)).is_any_open(mono_s=5.0)


def test_an_alert_that_was_kept_by_a_clock_now_unset_is_open_anew(
    tmp_path: Path, alerts: open_alerts.OpenAlerts
) -> None:
    alerts.pressed("F1", PressKind.PRESS, mono_s=0.0)
    alerts.save(instant(1.0))

    again = opened(tmp_path, instants.Instant(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), 5.0))

    assert again.is_any_open(mono_s=5.0 + open_alerts.LONGEST_S - 1.0)
    assert not again.is_any_open(mono_s=5.0 + open_alerts.LONGEST_S)


def test_a_resolved_alert_does_not_come_back_with_a_restart(tmp_path: Path, alerts: open_alerts.OpenAlerts) -> None:
    alerts.pressed("F1", PressKind.PRESS, mono_s=0.0)
    alerts.save(instant(1.0))
    alerts.notice(notice("resolved"), mono_s=2.0)
    alerts.save(instant(3.0))

    assert not opened(tmp_path).is_any_open(mono_s=0.0)


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"F1": "x"}', b'{"F1": null}', b"\xff", b'{"F1": NaN}'])
def test_whatever_stands_in_the_file_the_gateway_starts(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "alerts.json").write_bytes(content)

    alerts = opened(tmp_path)
    alerts.notice(notice("resolved", fob=None), mono_s=0.0)

    assert not alerts.is_any_open(mono_s=0.0)


def test_a_disk_that_cannot_keep_them_is_said_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alerts = opened(tmp_path / "missing")
    alerts.pressed("F1", PressKind.PRESS, mono_s=0.0)
    for second in (1.0, 2.0):
        alerts.save(instant(second))
    said = len(caplog.records)
    (tmp_path / "missing").mkdir()
    alerts.save(instant(3.0))

    assert said == 1
    assert opened(tmp_path / "missing").is_any_open(mono_s=0.0)
