import datetime as dt
import itertools
import uuid

import pytest

from domain import emergencies, geo, telemetry
from domain.operations import emergencies as operations
from domain.wire import panic
from tests import fakes

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, tzinfo=dt.UTC)
TENANT, OTHER_TENANT = uuid.UUID(int=1), uuid.UUID(int=2)
VAN = telemetry.DeviceRef(tenant_id=TENANT, name="van-01", id=7)
STRANGER = telemetry.DeviceRef(tenant_id=TENANT, name="van-99", id=None)
FOB = "FOB-00001"
AINO = emergencies.Reporter(id=uuid.UUID(int=9), first_name="Aino", last_name="Korhonen")
MIKKO = emergencies.Reporter(id=uuid.UUID(int=10), first_name="Mikko", last_name="Virtanen")
Kind = telemetry.PressKind
Change = emergencies.AlertChange
Remark = emergencies.AlertRemark


class Office:
    """A store, a clock and a button."""

    def __init__(self) -> None:
        self.store = fakes.Store()
        self.store.reporters[TENANT, FOB] = AINO
        self.now = NOW
        self._ids = itertools.count(100)

    def press(
        self,
        kind: Kind = Kind.PRESS,
        *,
        source: telemetry.DeviceRef = VAN,
        at: dt.datetime | None = None,
        fob: str = FOB,
        clock: telemetry.Clock = telemetry.Clock.GPS,
        seq: int = 1,
        fix: telemetry.Fix | None = None,
        fix_age_s: float | None = None,
        press_id: uuid.UUID | None = None,
        remarks: tuple[str, ...] = (),
    ) -> operations.PressOutcome:
        press = telemetry.Press(
            id=press_id or self.new_id(),
            time=at or self.now,
            clock=clock,
            fob=fob,
            kind=kind,
            seq=seq,
            fix=fix,
            fix_age_s=fix_age_s,
            remarks=remarks,
        )
        return operations.receive_press(
            press=press, source=source, received_at=self.now, now=self.now, uow=self.uow(), new_id=self.new_id
        )

    def raised(self, **kwargs: object) -> emergencies.Alert:
        alert = self.press(**kwargs).alert  # type: ignore[arg-type]
        assert alert is not None
        return alert

    def acknowledge(self, alert: emergencies.Alert, by: str = "Bo", tenant_id: uuid.UUID = TENANT) -> emergencies.Alert:
        return operations.acknowledge(tenant_id=tenant_id, alert_id=alert.id, by=by, now=self.now, uow=self.uow())

    def resolve(self, alert: emergencies.Alert, text: str = "false alarm", by: str = "Bo") -> emergencies.Alert:
        return operations.resolve(tenant_id=TENANT, alert_id=alert.id, by=by, text=text, now=self.now, uow=self.uow())

    def uow(self) -> fakes.FakeUnitOfWork:
        return fakes.FakeUnitOfWork(self.store)

    def new_id(self) -> uuid.UUID:
        return uuid.UUID(int=next(self._ids))

    def changes(self) -> list[Change]:
        return [entry.change for entry in self.store.history]


@pytest.fixture
def office() -> Office:
    return Office()


def fix(age_s: float = 5.0, hdop: float | None = 1.2, accuracy_m: float | None = None) -> telemetry.Fix:
    return telemetry.Fix(
        time=NOW - dt.timedelta(seconds=age_s), position=geo.Position(60.17, 24.94), hdop=hdop, accuracy_m=accuracy_m
    )


class TestRaising:
    def test_a_press_raises_a_critical_panic_alert_in_the_name_of_the_fobs_person(self, office: Office) -> None:  # R46
        alert = office.raised(fix=fix(), fix_age_s=5.0)

        assert alert.type is emergencies.AlertType.PANIC_BUTTON
        assert alert.priority is emergencies.AlertPriority.CRITICAL
        assert alert.state is emergencies.AlertState.OPEN
        assert alert.text == "Panic button activated by Aino Korhonen"
        assert alert.person_id == AINO.id
        assert alert.remarks == frozenset()
        assert alert.location == emergencies.AlertLocation(
            position=geo.Position(60.17, 24.94),
            time=NOW - dt.timedelta(seconds=5),
            age_s=5.0,
            accuracy_m=6.0,
            source=emergencies.LocationSource.PRESS,
        )
        assert office.store.alerts == {alert.id: alert}
        assert [kept.alert_id for kept in office.store.presses.values()] == [alert.id]

    def test_an_unknown_fob_still_raises_and_says_so(self, office: Office) -> None:  # R44
        alert = office.raised(fob="FOB-X", fix=fix())

        assert alert.remarks == {Remark.UNKNOWN_FOB}
        assert "FOB-X" in alert.text
        assert "van-01" in alert.text

    def test_an_unknown_device_of_a_known_tenant_still_raises(self, office: Office) -> None:  # R44
        assert office.raised(source=STRANGER, fix=fix()).remarks == {Remark.UNKNOWN_DEVICE}

    def test_without_any_position_it_still_raises(self, office: Office) -> None:  # R44
        alert = office.raised()

        assert alert.location is None
        assert alert.remarks == {Remark.NO_POSITION}

    def test_without_a_position_of_its_own_the_latest_known_one_counts(self, office: Office) -> None:
        office.store.latest[7] = fix(age_s=60, accuracy_m=12.5)

        location = office.raised().location

        assert location is not None
        assert (location.source, location.age_s, location.accuracy_m) == (emergencies.LocationSource.LATEST, 60.0, 12.5)

    @pytest.mark.parametrize(("age_s", "old"), [(30 * 60, False), (30 * 60 + 1, True), (5 * 3600, True)])
    def test_an_hours_old_position_still_raises_and_says_so(
        self, office: Office, age_s: float, *, old: bool
    ) -> None:  # R44
        alert = office.raised(fix=fix(age_s), fix_age_s=age_s)

        assert (Remark.OLD_POSITION in alert.remarks) is old

    def test_the_age_is_counted_from_the_press_where_the_device_does_not_tell_it(self, office: Office) -> None:
        location = office.raised(fix=fix(age_s=40)).location

        assert location is not None
        assert location.age_s == 40.0

    def test_a_press_with_the_clock_unset_is_marked_and_never_called_late(self, office: Office) -> None:
        alert = office.raised(at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC), clock=telemetry.Clock.UNSET, fix=fix())

        assert alert.remarks == {Remark.CLOCK_UNSET}
        assert alert.location is not None
        assert alert.location.age_s == 5.0

    def test_a_press_of_three_days_ago_raises_and_is_marked_late(self, office: Office) -> None:
        alert = office.raised(at=NOW - dt.timedelta(days=3), fix=fix(age_s=3 * 86_400), fix_age_s=0.0)

        assert alert.remarks == {Remark.LATE}
        assert alert.pressed_at == NOW - dt.timedelta(days=3)

    def test_a_malformed_press_raises_and_is_marked(self, office: Office) -> None:
        assert Remark.MALFORMED in office.raised(fix=fix(), remarks=("bat 300 is not within 0 to 100",)).remarks

    def test_unreadable_fobs_of_two_devices_are_two_alerts(self, office: Office) -> None:
        first = office.raised(fob=panic.UNKNOWN_FOB)
        second = office.raised(fob=panic.UNKNOWN_FOB, source=STRANGER)

        assert first.id != second.id
        assert len(office.store.alerts) == 2

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            (Kind.LONG, "Panic button activated by Aino Korhonen"),
            (Kind.DOUBLE, "Panic button activated by Aino Korhonen"),
            (Kind.MAN_DOWN, "Man-down signal from Aino Korhonen"),
            (Kind.FALL, "Fall detected for Aino Korhonen"),
        ],
    )
    def test_other_alarms_raise_as_a_press_does(self, office: Office, kind: Kind, text: str) -> None:  # R54
        assert office.raised(kind=kind).text == text

    @pytest.mark.parametrize("kind", [Kind.TEST, Kind.CHECK_IN, Kind.CANCEL])
    def test_a_test_a_check_in_and_a_cancel_never_alarm_and_are_kept(self, office: Office, kind: Kind) -> None:  # R47
        outcome = office.press(kind)

        assert outcome.alert is None
        assert office.store.alerts == {}
        assert len(office.store.presses) == 1

    def test_a_position_of_the_future_is_no_current_one(self, office: Office) -> None:
        office.store.latest[7] = fix(age_s=-3_600)

        assert Remark.FUTURE_POSITION in office.raised().remarks


class TestWhoHadTheFob:
    """R62: the alert is of whoever had the fob at the time of the press."""

    @pytest.mark.parametrize(
        ("clock", "at", "held_at"),
        [
            (telemetry.Clock.GPS, NOW - dt.timedelta(hours=8), NOW - dt.timedelta(hours=8)),
            (telemetry.Clock.NTP, NOW, NOW),
            (telemetry.Clock.GPS, NOW + dt.timedelta(hours=1), NOW),
            (telemetry.Clock.UNSET, NOW - dt.timedelta(hours=8), NOW),
            # A GPS week that rolled over.
            (telemetry.Clock.GPS, NOW - dt.timedelta(weeks=1024), NOW),
        ],
    )
    def test_it_is_asked_for_the_time_of_the_press_where_that_can_be_true(
        self, clock: telemetry.Clock, at: dt.datetime, held_at: dt.datetime
    ) -> None:
        press = telemetry.Press(id=uuid.UUID(int=1), time=at, clock=clock, fob=FOB, kind=Kind.PRESS, seq=1)

        assert emergencies.held_at(press, now=NOW) == held_at

    def test_who_presses_a_fob_that_was_handed_on_has_the_alert_that_is_still_open(self, office: Office) -> None:
        alert = office.raised()
        office.store.reporters[TENANT, FOB] = MIKKO
        office.now = NOW + dt.timedelta(hours=3)
        joined = office.raised(kind=Kind.FALL)

        assert joined.id == alert.id
        assert (joined.person_id, joined.text) == (MIKKO.id, "Fall detected for Mikko Virtanen")
        assert [entry.note for entry in office.store.history] == [None, "Panic button activated by Aino Korhonen"]

    def test_an_older_press_that_comes_later_takes_nobodys_alert(self, office: Office) -> None:
        office.store.reporters[TENANT, FOB] = MIKKO
        office.raised()
        office.store.reporters[TENANT, FOB] = AINO
        joined = office.raised(at=NOW - dt.timedelta(hours=3))

        assert (joined.person_id, joined.press_count) == (MIKKO.id, 2)

    def test_an_alert_of_nobody_gets_the_name_of_who_has_the_fob_by_the_next_press(self, office: Office) -> None:
        del office.store.reporters[TENANT, FOB]
        assert Remark.UNKNOWN_FOB in office.raised().remarks
        office.store.reporters[TENANT, FOB] = MIKKO
        office.now = NOW + dt.timedelta(seconds=5)
        joined = office.raised()

        assert (joined.person_id, joined.remarks) == (MIKKO.id, frozenset({Remark.NO_POSITION}))

    def test_a_name_is_not_lost_where_nobody_has_the_fob_any_more(self, office: Office) -> None:
        alert = office.raised()
        del office.store.reporters[TENANT, FOB]
        office.now = NOW + dt.timedelta(seconds=5)
        joined = office.raised()

        assert (joined.person_id, joined.text) == (AINO.id, alert.text)


class TestFurtherPresses:
    def test_a_redelivered_press_counts_once(self, office: Office) -> None:  # R47
        office.press(press_id=uuid.UUID(int=5))

        again = office.press(press_id=uuid.UUID(int=5))

        assert again == operations.PressOutcome(duplicate=True)
        assert [alert.press_count for alert in office.store.alerts.values()] == [1]

    def test_presses_of_one_fob_belong_to_its_unresolved_alert(self, office: Office) -> None:  # R47
        first = office.raised()
        office.now += dt.timedelta(seconds=3)

        second = office.raised()

        assert (second.id, second.press_count, second.last_press_at) == (first.id, 2, office.now)
        assert office.changes() == [Change.RAISED, Change.PRESSED_AGAIN]
        assert {kept.alert_id for kept in office.store.presses.values()} == {first.id}

    def test_a_press_after_the_acknowledgement_re_arms(self, office: Office) -> None:  # R47
        office.acknowledge(office.raised())

        rearmed = office.raised()

        assert rearmed.state is emergencies.AlertState.OPEN
        assert rearmed.acknowledged_by is None
        assert office.changes() == [Change.RAISED, Change.ACKNOWLEDGED, Change.PRESSED_AGAIN, Change.REARMED]

    def test_a_press_after_the_resolution_is_a_new_alert(self, office: Office) -> None:
        first = office.raised()
        office.resolve(first)

        assert office.raised().id != first.id

    def test_the_same_fob_code_of_another_tenant_is_another_alert(self, office: Office) -> None:
        first = office.raised()
        foreign = telemetry.DeviceRef(tenant_id=OTHER_TENANT, name="van-01", id=8)

        assert office.raised(source=foreign).id != first.id

    def test_a_cancel_marks_the_alert_and_leaves_it_open(self, office: Office) -> None:  # R47
        alert = office.raised()
        office.now += dt.timedelta(seconds=5)

        cancelled = office.press(Kind.CANCEL).alert

        assert cancelled is not None
        assert (cancelled.id, cancelled.state, cancelled.cancelled_by_device_at) == (
            alert.id,
            emergencies.AlertState.OPEN,
            office.now,
        )

    def test_a_cancel_that_overtook_its_press_marks_the_alert_all_the_same(self, office: Office) -> None:
        office.press(Kind.CANCEL, at=NOW)

        alert = office.raised(at=NOW - dt.timedelta(seconds=8))

        assert alert.cancelled_by_device_at == NOW
        assert office.changes() == [Change.RAISED, Change.CANCELLED_BY_DEVICE]

    def test_an_earlier_cancel_does_not_touch_a_later_press(self, office: Office) -> None:
        office.press(Kind.CANCEL, at=NOW - dt.timedelta(seconds=8))

        assert office.raised(at=NOW).cancelled_by_device_at is None

    def test_a_cancel_of_hours_ago_does_not_touch_a_press_of_now(self, office: Office) -> None:
        alert = office.raised()

        outcome = office.press(Kind.CANCEL, at=NOW - dt.timedelta(hours=3))

        assert outcome.alert is None
        assert office.store.alerts[alert.id].cancelled_by_device_at is None

    def test_a_cancel_of_an_unreadable_fob_marks_only_its_own_device(self, office: Office) -> None:
        office.press(Kind.CANCEL, fob=panic.UNKNOWN_FOB, source=STRANGER)

        assert office.raised(fob=panic.UNKNOWN_FOB).cancelled_by_device_at is None

    def test_a_press_after_the_cancel_was_meant_and_takes_the_mark_away(self, office: Office) -> None:
        office.raised()
        office.now += dt.timedelta(seconds=5)
        office.press(Kind.CANCEL)
        office.now += dt.timedelta(minutes=5)

        assert office.raised().cancelled_by_device_at is None

    def test_a_different_press_under_a_used_id_counts_and_says_so(self, office: Office) -> None:
        """A device that repeats ids must not silence anybody."""
        used = uuid.UUID(int=5)
        first = office.raised(press_id=used)

        second = office.raised(press_id=used, source=STRANGER, fob="FOB-X")
        again = office.press(press_id=used, source=STRANGER, fob="FOB-X")

        assert second.id != first.id
        assert Remark.MALFORMED in second.remarks
        assert again.duplicate
        assert len(office.store.presses) == 2


class TestPeople:
    def test_an_acknowledgement_says_by_whom_and_when(self, office: Office) -> None:  # R48
        alert = office.acknowledge(office.raised(), by="Bo")

        assert (alert.state, alert.acknowledged_by, alert.acknowledged_at) == (
            emergencies.AlertState.ACKNOWLEDGED,
            "Bo",
            NOW,
        )
        assert office.store.history[-1].actor == "Bo"

    def test_a_second_acknowledgement_is_refused_and_names_the_first(self, office: Office) -> None:
        alert = office.raised()
        office.acknowledge(alert, by="Bo")

        with pytest.raises(emergencies.AlertTransitionError, match="Bo"):
            office.acknowledge(alert, by="Cy")

    def test_resolving_without_acknowledging_is_allowed(self, office: Office) -> None:  # R48
        alert = office.resolve(office.raised(), text=" fell asleep ")

        assert (alert.state, alert.resolution, alert.resolved_by) == (
            emergencies.AlertState.RESOLVED,
            "fell asleep",
            "Bo",
        )

    def test_a_resolution_needs_a_text(self, office: Office) -> None:
        with pytest.raises(emergencies.ResolutionMissingError):
            office.resolve(office.raised(), text="  ")

    def test_a_resolved_alert_is_final(self, office: Office) -> None:
        alert = office.raised()
        office.resolve(alert)

        with pytest.raises(emergencies.AlertTransitionError):
            office.acknowledge(alert)
        with pytest.raises(emergencies.AlertTransitionError):
            office.resolve(alert)

    def test_what_somebody_has_done_before_is_a_repeat_for_them_alone(self, office: Office) -> None:
        alert = office.raised()
        office.acknowledge(alert, by="Bo")
        with pytest.raises(emergencies.AlertTransitionError) as again:
            office.acknowledge(alert, by="Bo")
        assert (again.value.is_repeat("Bo"), again.value.is_repeat("Cy")) == (True, False)

        office.resolve(alert)
        with pytest.raises(emergencies.AlertTransitionError) as over:
            office.acknowledge(alert, by="Bo")
        assert not over.value.is_repeat("Bo")

    @pytest.mark.parametrize("wanted", [emergencies.AlertState.ACKNOWLEDGED, emergencies.AlertState.RESOLVED])
    def test_an_alert_in_a_state_of_a_newer_release_can_be_taken_and_ended(
        self, wanted: emergencies.AlertState
    ) -> None:
        assert emergencies.may_move("handed_over", wanted)
        assert emergencies.may_move("open", wanted)
        assert not emergencies.may_move("resolved", wanted)

    def test_another_tenants_alert_does_not_exist(self, office: Office) -> None:
        with pytest.raises(operations.AlertNotFoundError):
            office.acknowledge(office.raised(), tenant_id=OTHER_TENANT)
