"""What the demo's view reads, from rows as ingest writes them."""

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
import uuid_utils.compat

from db import demo_view, tables, unit_of_work
from db.seed import demo, roster
from domain import emergencies, telemetry
from domain.operations import emergencies as operations

_NOW = dt.datetime(2026, 3, 4, 5, 6, 7, tzinfo=dt.UTC)


@pytest.fixture
def tenant(owner: sa.Engine) -> demo_view.Tenant:
    with owner.connect() as connection:
        demo.plant(connection, units=20, gateways=2)
        return next(t for t in demo_view.Reader().tenants(connection) if t.slug == roster.DEMO)


def _put(owner: sa.Engine, device: str, *, age_s: float, speed_mps: float, lag_s: float = 0.1) -> None:
    with owner.begin() as connection:
        device_id = _device_id(connection, device)
        time = _NOW - dt.timedelta(seconds=age_s)
        connection.execute(
            sa.insert(tables.device_latest).values(
                device_id=device_id,
                time=time,
                lat=60.17,
                lon=24.94,
                seq=1,
                received_at=time + dt.timedelta(seconds=lag_s),
                speed_mps=speed_mps,
                fix_mode=3,
                moving=speed_mps > 1,
            )
        )


def _device_id(connection: sa.Connection, name: str) -> int:
    query = (
        sa.select(tables.device.c.id)
        .join(tables.tenant, tables.tenant.c.id == tables.device.c.tenant_id)
        .where(tables.tenant.c.slug == roster.DEMO, tables.device.c.name == name)
    )
    return int(connection.execute(query).scalar_one())


def _press(backend: sa.Engine, tenant: demo_view.Tenant, fob: str, device: str) -> emergencies.Alert:
    press = telemetry.Press(
        id=uuid_utils.compat.uuid7(),
        time=_NOW,
        clock=telemetry.Clock.GPS,
        fob=fob,
        kind=telemetry.PressKind.PRESS,
        seq=1,
    )
    outcome = operations.receive_press(
        press=press,
        source=telemetry.DeviceRef(tenant_id=tenant.id, name=device),
        received_at=_NOW,
        now=_NOW,
        uow=unit_of_work.UnitOfWork(backend),
        new_id=uuid_utils.compat.uuid7,
    )
    assert outcome.alert is not None
    return outcome.alert


def _view(backend: sa.Engine, tenant: demo_view.Tenant, *, first: int = 0, units: int = 40) -> demo_view.View:
    with backend.connect() as connection:
        return demo_view.Reader().read(connection, tenant_id=tenant.id, now=_NOW, offset=first, limit=units)


def test_both_companies_can_be_shown(backend: sa.Engine, tenant: demo_view.Tenant) -> None:
    with backend.connect() as connection:
        assert [t.slug for t in demo_view.Reader().tenants(connection)] == [roster.DEMO, roster.OTHER]


def test_units_are_listed_vans_first_once_they_were_heard(
    owner: sa.Engine, backend: sa.Engine, tenant: demo_view.Tenant
) -> None:
    for device in ("unit-00001", "van-02", "guard-00001", "van-01"):
        _put(owner, device, age_s=1, speed_mps=5)

    names = [unit.name for unit in _view(backend, tenant).units]

    assert names == ["van-01", "van-02", "guard-00001", "unit-00001"]
    assert [unit.name for unit in _view(backend, tenant, first=1, units=2).units] == names[1:3]


def test_moving_standing_and_silent_units_are_counted(
    owner: sa.Engine, backend: sa.Engine, tenant: demo_view.Tenant
) -> None:
    _put(owner, "van-01", age_s=1, speed_mps=5)
    _put(owner, "van-02", age_s=1, speed_mps=0.1)
    _put(owner, "unit-00001", age_s=100, speed_mps=5)

    view = _view(backend, tenant)

    assert (view.known, view.moving, view.stale) == (3, 1, 1)


def test_lag_is_that_of_units_heard_lately(owner: sa.Engine, backend: sa.Engine, tenant: demo_view.Tenant) -> None:
    _put(owner, "van-01", age_s=1, speed_mps=5, lag_s=0.2)
    _put(owner, "unit-00001", age_s=1000, speed_mps=5, lag_s=9.0)

    assert _view(backend, tenant).median_lag_s == pytest.approx(0.2)


def test_an_alert_names_who_carries_the_fob(backend: sa.Engine, tenant: demo_view.Tenant) -> None:
    alert = _press(backend, tenant, "FOB-00001", "unit-00001")

    shown = _view(backend, tenant).alerts

    assert [(a.id, a.state, a.fob, a.press_count) for a in shown] == [
        (alert.id, emergencies.AlertState.OPEN, "FOB-00001", 1)
    ]
    assert shown[0].who == "Aino Virtanen"


def test_an_unknown_fob_has_no_name_but_is_shown(backend: sa.Engine, tenant: demo_view.Tenant) -> None:
    _press(backend, tenant, "FOB-77777", "van-01")

    assert [(a.fob, a.who) for a in _view(backend, tenant).alerts] == [("FOB-77777", "")]


def test_the_other_company_sees_nothing_of_it(owner: sa.Engine, backend: sa.Engine, tenant: demo_view.Tenant) -> None:
    _put(owner, "van-01", age_s=1, speed_mps=5)
    _press(backend, tenant, "FOB-00001", "van-01")
    with backend.connect() as connection:
        other = demo_view.Reader().tenants(connection)[1]

    view = _view(backend, other)

    assert (view.units, view.alerts, view.known) == ((), (), 0)


def test_resolved_alerts_stand_below_for_a_while(backend: sa.Engine, tenant: demo_view.Tenant) -> None:
    first = _press(backend, tenant, "FOB-00001", "van-01")
    second = _press(backend, tenant, "FOB-00002", "van-02")
    uow = unit_of_work.UnitOfWork(backend, tenant_id=tenant.id)
    operations.resolve(tenant_id=tenant.id, alert_id=second.id, by="dispatcher", text="false alarm", now=_NOW, uow=uow)

    shown = _view(backend, tenant).alerts
    with backend.connect() as connection:
        later = demo_view.Reader().read(connection, tenant_id=tenant.id, now=_NOW + dt.timedelta(minutes=5))

    assert [a.id for a in shown] == [first.id, second.id]
    assert shown[1].resolved_by == "dispatcher"
    assert [a.id for a in later.alerts] == [first.id]


def test_fixes_of_all_hours_are_counted(owner: sa.Engine, backend: sa.Engine, tenant: demo_view.Tenant) -> None:
    with owner.begin() as connection:
        device_id = _device_id(connection, "van-01")
        for hours, fixes in ((0, 10), (1, 200), (30, 3000)):
            hour = _NOW.replace(minute=0, second=0) - dt.timedelta(hours=hours)
            connection.execute(sa.insert(tables.activity_hourly).values(device_id=device_id, hour=hour, fixes=fixes))

    assert _view(backend, tenant).fixes == 3210


def test_an_unknown_company_is_empty(backend: sa.Engine, tenant: demo_view.Tenant) -> None:
    nobody = demo_view.Tenant(id=uuid.uuid4(), slug="nobody", name="Nobody")

    assert _view(backend, nobody).known == 0
