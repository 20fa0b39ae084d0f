import datetime as dt

import sqlalchemy as sa

from db import engine, live_reads, read_models, tables
from domain import emergencies, geo, telemetry
from tests.integration.db.two_tenants import NOW, Tenant


def test_a_unit_is_shown_with_its_carrier_its_newest_fix_and_its_own_word(web: sa.Engine, ours: Tenant) -> None:
    with engine.tenant_transaction(web, ours.id) as connection:
        [unit] = read_models.units(connection, ours.id)

    assert unit == read_models.Unit(
        device_id=ours.device_id,
        name="van-01",
        kind="tracker",
        label=None,
        vehicle="Van 01",
        person="Aino Virtanen",
        position=geo.Position(60.17, 24.94),
        time=NOW,
        received_at=NOW,
        speed_mps=None,
        course_deg=None,
        accuracy_m=None,
        moving=False,
        online=True,
        told_at=NOW,
        gps=telemetry.GpsState.NONE,
        backlog=0,
    )


def test_the_backend_reads_one_tenants_units_as_well(backend: sa.Engine, ours: Tenant) -> None:
    with backend.connect() as connection:
        assert len(read_models.units(connection, ours.id)) == 1


def test_a_unit_that_was_never_heard_of_comes_last_with_nothing_known(owner: sa.Engine, ours: Tenant) -> None:
    with owner.connect() as connection:
        connection.execute(
            sa.insert(tables.device).values(tenant_id=ours.id, uid=sa.func.gen_random_uuid(), name="a-silent-one")
        )
        units = read_models.units(connection, ours.id)
        first = read_models.units(connection, ours.id, most=1)

    assert [unit.name for unit in units] == ["van-01", "a-silent-one"]
    silent = units[1]
    assert {silent.position, silent.time, silent.person, silent.speed_mps, silent.online, silent.gps} == {None}
    assert units[1].current_position(NOW) is None
    assert [unit.name for unit in first] == ["van-01"]


def test_one_unit_is_found_by_its_number_in_its_own_company_alone(
    web: sa.Engine, tenants: tuple[Tenant, Tenant]
) -> None:
    ours, theirs = tenants
    with engine.tenant_transaction(web, ours.id) as connection:
        found = read_models.unit(connection, ours.id, ours.device_id)

        assert found == read_models.units(connection, ours.id)[0]
        assert read_models.unit(connection, ours.id, theirs.device_id) is None


def test_a_retired_unit_is_not_shown(owner: sa.Engine, ours: Tenant) -> None:
    with owner.connect() as connection:
        connection.execute(sa.update(tables.device).values(retired_at=NOW))

        assert read_models.units(connection, ours.id) == []


def test_the_current_position_is_none_once_the_fix_is_over_thirty_minutes_old(
    backend: sa.Engine, ours: Tenant
) -> None:  # R56
    with backend.connect() as connection:
        [unit] = read_models.units(connection, ours.id)

    assert unit.current_position(NOW + dt.timedelta(minutes=30)) == unit.position
    assert unit.current_position(NOW + dt.timedelta(minutes=30, microseconds=1)) is None
    assert unit.position is not None


def test_unresolved_alerts_come_open_ones_first_then_by_priority_then_the_oldest(
    owner: sa.Engine, ours: Tenant
) -> None:
    def alert(fob: str, minutes: int, **changes: object) -> dict[str, object]:
        plain = {
            **dict.fromkeys(("raised_at", "pressed_at", "last_press_at"), NOW + dt.timedelta(minutes=minutes)),
            **dict.fromkeys(("acknowledged_at", "acknowledged_by", "resolved_at", "resolved_by", "resolution")),
            "tenant_id": ours.id,
            "id": sa.func.gen_random_uuid(),
            "type": 1,
            "priority": 4,
            "state": "open",
            "text": "Panic",
            "press_count": 1,
            "device_name": "van-01",
            "fob": fob,
        }
        return plain | changes

    taken = {"state": "acknowledged", "acknowledged_at": NOW, "acknowledged_by": "elsa"}
    over = {"state": "resolved", "resolved_at": NOW, "resolved_by": "elsa", "resolution": "all well"}
    with owner.connect() as connection:
        connection.execute(sa.delete(tables.alert_history))
        connection.execute(sa.delete(tables.press))
        connection.execute(sa.delete(tables.alert))
        for row in (
            alert("acknowledged", 0, **taken),
            alert("low", 1, priority=1),
            alert("younger", 3),
            alert("older", 2),
            alert("resolved", 0, **over),
        ):
            connection.execute(sa.insert(tables.alert).values(row))
        found = [each.alert for each in live_reads.seen_alerts(connection, ours.id)]

    assert [alert.fob for alert in found] == ["older", "younger", "low", "acknowledged"]
    assert found[3].state is emergencies.AlertState.ACKNOWLEDGED
