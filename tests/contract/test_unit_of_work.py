import dataclasses
import datetime as dt
import uuid

import pytest

from domain import emergencies, telemetry
from domain.operations import emergencies as operations
from tests.contract import examples, stages
from tests.contract.examples import NOW


def seconds(count: float) -> dt.timedelta:
    return dt.timedelta(seconds=count)


class TestUnitOfWork:
    def test_what_is_committed_stays(self, stage: stages.Stage) -> None:
        alert = examples.alert()
        with stage.unit_of_work() as uow:
            uow.alerts.add(alert)
            uow.commit()

        with stage.unit_of_work() as uow:
            assert uow.alerts.get(alert.id, tenant_id=stages.TENANT) == alert

    def test_what_is_not_committed_is_gone(self, stage: stages.Stage) -> None:
        alert, press = examples.alert(), examples.press()
        with stage.unit_of_work() as uow:
            uow.alerts.add(alert)
            uow.presses.add(press, source=stages.DEVICE, received_at=NOW)

        with stage.unit_of_work() as uow:
            assert uow.alerts.get(alert.id, tenant_id=stages.TENANT) is None
            assert uow.presses.add(press, source=stages.DEVICE, received_at=NOW)

    def test_an_error_takes_the_work_back_and_goes_on_its_way(self, stage: stages.Stage) -> None:
        alert = examples.alert()

        def fail() -> None:
            with stage.unit_of_work() as uow:
                uow.alerts.add(alert)
                raise BrokenPipeError

        with pytest.raises(BrokenPipeError):
            fail()

        with stage.unit_of_work() as uow:
            assert uow.alerts.get(alert.id, tenant_id=stages.TENANT) is None

    def test_it_may_be_entered_again(self, stage: stages.Stage) -> None:
        uow, alert = stage.unit_of_work(), examples.alert()
        with uow:
            uow.alerts.add(alert)
            uow.commit()

        with uow:
            assert uow.alerts.get(alert.id, tenant_id=stages.TENANT) == alert


class TestPresses:
    def test_a_press_that_comes_again_is_not_kept_again(self, stage: stages.Stage) -> None:  # R47
        press = examples.press()
        with stage.unit_of_work() as uow:
            assert uow.presses.add(press, source=stages.DEVICE, received_at=NOW)
            assert not uow.presses.add(press, source=stages.DEVICE, received_at=NOW)
            uow.commit()

        with stage.unit_of_work() as uow:
            assert not uow.presses.add(press, source=stages.DEVICE, received_at=NOW + seconds(9))

    def test_a_press_without_fix_battery_or_known_device_is_kept(self, stage: stages.Stage) -> None:  # R44
        press = examples.press(fix=None, fix_age_s=None, battery_pct=None, fob="unknown", remarks=())
        with stage.unit_of_work() as uow:
            assert uow.presses.add(press, source=stages.STRANGER, received_at=NOW)
            uow.commit()

        assert stage.alert_of_press(press.id) is None

    def test_a_press_of_every_kind_and_clock_is_kept(self, stage: stages.Stage) -> None:
        with stage.unit_of_work() as uow:
            for kind in telemetry.PressKind:
                assert uow.presses.add(examples.press(kind=kind), source=stages.DEVICE, received_at=NOW)
            for clock in telemetry.Clock:
                assert uow.presses.add(examples.press(clock=clock), source=stages.DEVICE, received_at=NOW)

    def test_a_press_is_attached_to_its_alert(self, stage: stages.Stage) -> None:
        press, alert = examples.press(), examples.alert()
        with stage.unit_of_work() as uow:
            uow.presses.add(press, source=stages.DEVICE, received_at=NOW)
            uow.alerts.add(alert)
            uow.presses.attach(press.id, tenant_id=stages.TENANT, alert_id=alert.id)
            uow.commit()

        assert stage.alert_of_press(press.id) == alert.id

    def test_the_first_cancel_is_the_earliest_of_its_fob_within_the_times_ends_included(
        self, stage: stages.Stage
    ) -> None:
        cancel = telemetry.PressKind.CANCEL
        with stage.unit_of_work() as uow:
            for time, fob, kind in (
                (NOW - seconds(1), stages.FOB, cancel),
                (NOW + seconds(10), stages.FREE_FOB, cancel),
                (NOW + seconds(20), stages.FOB, telemetry.PressKind.PRESS),
                (NOW + seconds(60), stages.FOB, cancel),
                (NOW + seconds(30), stages.FOB, cancel),
            ):
                press = examples.press(time=time, fob=fob, kind=kind)
                uow.presses.add(press, source=stages.DEVICE, received_at=NOW)

            def first(since: float, until: float) -> dt.datetime | None:
                return uow.presses.first_cancel(
                    stages.FOB, tenant_id=stages.TENANT, since=NOW + seconds(since), until=NOW + seconds(until)
                )

            assert first(0, 60) == NOW + seconds(30)
            assert first(30, 30) == NOW + seconds(30)
            assert first(31, 60) == NOW + seconds(60)
            assert first(31, 59) is None
            for device, found in ((stages.DEVICE.name, NOW + seconds(30)), ("another", None)):
                assert found == uow.presses.first_cancel(
                    stages.FOB, tenant_id=stages.TENANT, since=NOW, until=NOW + seconds(60), device=device
                )

    def test_what_an_id_holds_is_told_apart_from_another_press_with_that_id(self, stage: stages.Stage) -> None:
        press = examples.press(time=NOW)
        with stage.unit_of_work() as uow:
            uow.presses.add(press, source=stages.DEVICE, received_at=NOW)

            assert uow.presses.holds(press, source=stages.DEVICE)
            for other in (
                dataclasses.replace(press, seq=press.seq + 1),
                dataclasses.replace(press, time=NOW + seconds(1)),
                dataclasses.replace(press, fob="another"),
            ):
                assert not uow.presses.holds(other, source=stages.DEVICE)
            unset = dataclasses.replace(press, clock=telemetry.Clock.UNSET, time=NOW + seconds(1))
            assert uow.presses.holds(unset, source=stages.DEVICE)

    def test_a_cancel_of_another_tenant_is_none_of_ours(self, stage: stages.Stage) -> None:
        with stage.unit_of_work(stages.OTHER_TENANT) as uow:
            press = examples.press(kind=telemetry.PressKind.CANCEL)
            uow.presses.add(press, source=stages.OTHER_DEVICE, received_at=NOW)
            uow.commit()

        with stage.unit_of_work() as uow:
            found = uow.presses.first_cancel(stages.FOB, tenant_id=stages.TENANT, since=NOW, until=NOW)
        assert found is None


class TestAlerts:
    def test_an_alert_comes_back_with_every_field(self, stage: stages.Stage) -> None:
        alert = examples.full_alert()
        with stage.unit_of_work() as uow:
            assert uow.alerts.add(alert)
            uow.commit()

        with stage.unit_of_work() as uow:
            assert uow.alerts.get(alert.id, tenant_id=stages.TENANT) == alert

    def test_what_changes_is_saved(self, stage: stages.Stage) -> None:
        alert = examples.alert()
        changed = dataclasses.replace(examples.full_alert(), id=alert.id, press_count=7)
        with stage.unit_of_work() as uow:
            uow.alerts.add(alert)
            uow.alerts.save(changed)
            uow.commit()

        with stage.unit_of_work() as uow:
            assert uow.alerts.get(alert.id, tenant_id=stages.TENANT) == changed

    def test_one_unresolved_alert_a_fob(self, stage: stages.Stage) -> None:  # R47
        alert = examples.alert()
        with stage.unit_of_work() as uow:
            assert uow.alerts.add(alert)
            assert not uow.alerts.add(examples.alert())
            assert uow.alerts.add(examples.alert(fob=stages.FREE_FOB))
            uow.commit()

        with stage.unit_of_work() as uow:
            assert uow.alerts.unresolved_for_fob(stages.FOB, tenant_id=stages.TENANT) == alert

    def test_after_the_resolution_a_fob_has_room_for_another_alert(self, stage: stages.Stage) -> None:
        alert, next_alert = examples.alert(), examples.alert()
        with stage.unit_of_work() as uow:
            uow.alerts.add(alert)
            uow.alerts.save(emergencies.resolve(alert, by="elsa", text="all well", now=NOW))

            assert uow.alerts.unresolved_for_fob(stages.FOB, tenant_id=stages.TENANT) is None
            assert uow.alerts.add(next_alert)
            assert uow.alerts.unresolved_for_fob(stages.FOB, tenant_id=stages.TENANT) == next_alert

    def test_an_acknowledged_alert_is_unresolved_still(self, stage: stages.Stage) -> None:
        alert = examples.alert(state=emergencies.AlertState.ACKNOWLEDGED, acknowledged_at=NOW, acknowledged_by="elsa")
        with stage.unit_of_work() as uow:
            uow.alerts.add(alert)

            assert uow.alerts.unresolved_for_fob(stages.FOB, tenant_id=stages.TENANT) == alert
            assert not uow.alerts.add(examples.alert())

    def test_another_tenants_alert_is_not_found(self, stage: stages.Stage) -> None:
        alert = examples.alert(tenant_id=stages.OTHER_TENANT)
        with stage.unit_of_work(stages.OTHER_TENANT) as uow:
            uow.alerts.add(alert)
            uow.commit()

        with stage.unit_of_work() as uow:
            assert uow.alerts.get(alert.id, tenant_id=stages.TENANT) is None
            assert uow.alerts.unresolved_for_fob(stages.FOB, tenant_id=stages.TENANT) is None
            assert uow.alerts.add(examples.alert())

    def test_an_unknown_alert_is_not_found(self, stage: stages.Stage) -> None:
        with stage.unit_of_work() as uow:
            assert uow.alerts.get(uuid.uuid4(), tenant_id=stages.TENANT) is None

    def test_history_keeps_its_order(self, stage: stages.Stage) -> None:
        alert = examples.alert()
        with stage.unit_of_work() as uow:
            uow.alerts.add(alert)
            uow.alerts.record(alert, emergencies.AlertChange.RAISED, at=NOW)
            uow.alerts.record(alert, emergencies.AlertChange.ACKNOWLEDGED, at=NOW, actor="elsa")
            uow.alerts.record(alert, emergencies.AlertChange.RESOLVED, at=NOW, actor="elsa", note="all well")
            uow.commit()

        assert stage.history(alert.id) == [
            (emergencies.AlertChange.RAISED, NOW, None, None),
            (emergencies.AlertChange.ACKNOWLEDGED, NOW, "elsa", None),
            (emergencies.AlertChange.RESOLVED, NOW, "elsa", "all well"),
        ]


class TestPeopleAndPositions:
    def test_the_person_of_a_fob_is_the_tenants_own(self, stage: stages.Stage) -> None:
        with stage.unit_of_work() as uow:
            assert uow.people.of_fob(stages.FOB, tenant_id=stages.TENANT, at=NOW) == stages.REPORTER
        with stage.unit_of_work(stages.OTHER_TENANT) as uow:
            assert uow.people.of_fob(stages.FOB, tenant_id=stages.OTHER_TENANT, at=NOW) == stages.OTHER_REPORTER

    def test_a_fob_that_is_unknown_or_not_assigned_has_nobody(self, stage: stages.Stage) -> None:
        with stage.unit_of_work() as uow:
            assert uow.people.of_fob(stages.FREE_FOB, tenant_id=stages.TENANT, at=NOW) is None
            assert uow.people.of_fob("no such fob", tenant_id=stages.TENANT, at=NOW) is None

    def test_before_it_was_assigned_a_fob_had_nobody(self, stage: stages.Stage) -> None:
        with stage.unit_of_work() as uow:
            first = stages.HAD_SINCE
            assert uow.people.of_fob(stages.FOB, tenant_id=stages.TENANT, at=first) == stages.REPORTER
            before = first - dt.timedelta(microseconds=1)
            assert uow.people.of_fob(stages.FOB, tenant_id=stages.TENANT, at=before) is None

    def test_the_latest_position_comes_back_with_every_field(self, stage: stages.Stage) -> None:
        stage.set_latest(stages.DEVICE, examples.FIX)

        with stage.unit_of_work() as uow:
            assert uow.positions.latest(stages.DEVICE) == examples.FIX

    def test_a_device_that_is_silent_or_unknown_has_no_latest_position(self, stage: stages.Stage) -> None:
        stage.set_latest(stages.DEVICE, examples.FIX)

        with stage.unit_of_work() as uow:
            assert uow.positions.latest(stages.SILENT_DEVICE) is None
            assert uow.positions.latest(stages.STRANGER) is None


class TestUseCases:
    def test_a_press_its_repetition_a_second_one_and_the_resolution(self, stage: stages.Stage) -> None:
        stage.set_latest(stages.DEVICE, examples.FIX)
        press = examples.press(fix=None, fix_age_s=None)
        raised = _receive(stage, press)
        again = _receive(stage, press)
        joined = _receive(stage, examples.press())
        assert raised.alert is not None
        operations.resolve(
            tenant_id=stages.TENANT,
            alert_id=raised.alert.id,
            by="elsa",
            text="all well",
            now=NOW,
            uow=stage.unit_of_work(),
        )
        anew = _receive(stage, examples.press())

        assert raised.alert.text == "Panic button activated by Aino Virtanen"
        assert raised.alert.location is not None
        assert raised.alert.location.source is emergencies.LocationSource.LATEST
        assert again.duplicate
        assert joined.alert is not None
        assert (joined.alert.id, joined.alert.press_count) == (raised.alert.id, 2)
        assert anew.alert is not None
        assert anew.alert.id != raised.alert.id
        assert [entry.change for entry in stage.history(raised.alert.id)] == [
            emergencies.AlertChange.RAISED,
            emergencies.AlertChange.PRESSED_AGAIN,
            emergencies.AlertChange.RESOLVED,
        ]


def _receive(stage: stages.Stage, press: telemetry.Press) -> operations.PressOutcome:
    return operations.receive_press(
        press=press, source=stages.DEVICE, received_at=NOW, now=NOW, uow=stage.unit_of_work(), new_id=uuid.uuid4
    )
