"""Two tenants with a row of each in every table: what one of them must never see of the other."""

import datetime as dt
import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from db import tables

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
ROWS = {"assignment": 3}
"""Of each tenant, where they are more than one."""
PLACE = {"lat": 60.17, "lon": 24.94}
OUTLINE = "SRID=4326;POLYGON((24.94 60.17, 24.95 60.17, 24.95 60.18, 24.94 60.17))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    id: uuid.UUID
    device_id: int


def populate(connection: sa.Connection) -> tuple[Tenant, Tenant]:
    """Fill every table of the schema for both."""
    made = _fill(connection, "ours"), _fill(connection, "theirs")
    connection.commit()
    empty = [
        table.name
        for table in tables.metadata.sorted_tables
        if (connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0) < len(made)
    ]
    assert empty == [], "a new table needs a row of each tenant here, or its isolation isn't tried"
    connection.rollback()
    return made


def _fill(connection: sa.Connection, slug: str) -> Tenant:
    tenant_id, vehicle_id, person_id, fence_id, alert_id = (uuid.uuid4() for _ in range(5))
    own = {"tenant_id": tenant_id}

    def add(table: sa.Table, **values: object) -> None:
        connection.execute(sa.insert(table).values(**values))

    add(tables.tenant, id=tenant_id, slug=slug, name=slug)
    add(tables.vehicle, **own, id=vehicle_id, name="Van 01", kind="van")
    add(tables.person, **own, id=person_id, first_name="Aino", last_name="Virtanen", kind="security_guard")
    device_id = connection.scalar(
        sa.insert(tables.device).values(**own, uid=uuid.uuid4(), name="van-01").returning(tables.device.c.id)
    )
    assert device_id is not None
    device = {"device_id": device_id}
    add(tables.fob, **own, code="FOB-00001")
    _assign(connection, tenant_id, device_id=device_id, vehicle_id=vehicle_id, person_id=person_id)
    fix = {**device, **PLACE, "time": NOW, "seq": 1, "received_at": NOW, "fix_mode": 3}
    add(tables.fix, **fix)
    add(tables.device_latest, **fix)
    add(tables.activity_hourly, **device, hour=NOW, fixes=1)
    add(tables.quality_rule, **own, kind="phone", max_speed_mps=50)
    add(tables.track_state, **device, state={})
    add(tables.track_checkpoint, **device, hour=NOW, state={})
    add(tables.receipt_daily, **device, day=NOW.date())
    add(tables.device_status, **own, **device, time=NOW, received_at=NOW, online=True)
    fence = {**own, **device, "geofence_id": fence_id}
    add(tables.geofence, **own, id=fence_id, name="Depot", geom=OUTLINE)
    group_id = uuid.uuid4()
    add(tables.device_group, **own, id=group_id, name="Patrol")
    add(tables.device_group_member, **own, **device, group_id=group_id)
    add(tables.geofence_assignment, **own, id=uuid.uuid4(), geofence_id=fence_id, group_id=group_id)
    stay = {"visit_id": uuid.uuid4(), "reason": "deep", "decided_at": NOW}
    add(tables.geofence_event, **fence, **PLACE, **stay, time=NOW, received_at=NOW, kind="entered")
    add(tables.visit, **fence, id=stay["visit_id"], entered_at=NOW, enter_reason="deep")
    add(tables.geofence_presence, **fence, entered_at=NOW, state={"phase": "in"})
    add(tables.geofence_absence, **fence, window_start=NOW, window_end=NOW, due_at=NOW)
    add(tables.alert, **own, id=alert_id, person_id=person_id, fob="FOB-00001", device_name="van-01", **_alert())
    press = {"fob": "FOB-00001", "kind": "press", "time": NOW, "clock": "gps", "received_at": NOW, "seq": 1}
    add(tables.press, **own, **device, **press, id=uuid.uuid4(), device_name="van-01", alert_id=alert_id)
    add(tables.alert_history, **own, alert_id=alert_id, change="raised", at=NOW)
    add(tables.reject, **own, **device, received_at=NOW, topic="t", payload=b"?", reason="noise")
    account_id = uuid.uuid4()
    add(tables.account, **own, id=account_id, login=f"aino@{slug}.example", name="Aino", role="dispatcher")
    times = {"created_at": NOW, "expires_at": NOW}
    token = {"token_sha256": slug.encode(), "account_id": account_id}
    add(tables.session, **own, **times, **token, seen_at=NOW)
    add(tables.login_link, **own, **times, **token, purpose="password")
    add(tables.device_code, **own, **device, **times, code_sha256=slug.encode(), created_by="root")
    add(tables.device_password, **own, **device, hash="$7$101$c2FsdA==$aGFzaA==", set_at=NOW)
    add(tables.sender_token, **own, token_sha256=slug.encode(), device_name="phone-01", created_by="root")
    add(tables.sender_queue, **own, received_at=NOW, shard=1, topic="t", payload=b"[]")
    add(tables.sender_event, **own, **device, time=NOW, received_at=NOW, kind="entered", place="Home")
    seen = {"first_seen": NOW, "last_seen": NOW, "messages": 1, "last_topic": "t", "last_payload": b"?"}
    add(tables.quarantine, **own, **seen, device_name="stranger")
    return Tenant(id=tenant_id, device_id=device_id)


def _assign(
    connection: sa.Connection, tenant_id: uuid.UUID, *, device_id: int, vehicle_id: uuid.UUID, person_id: uuid.UUID
) -> None:
    had: list[dict[str, object]] = [
        {"device_id": device_id, "person_id": person_id},
        {"device_id": device_id, "vehicle_id": vehicle_id},
        {"fob_code": "FOB-00001", "person_id": person_id},
    ]
    times = {"tenant_id": tenant_id, "since": LONG_AGO}
    for each in had:
        connection.execute(sa.insert(tables.assignment).values(**times, **each, id=uuid.uuid4(), assigned_by="root"))
    duty = {**times, "person_id": person_id, "begun_by": "root"}
    connection.execute(sa.insert(tables.duty_period).values(**duty, id=uuid.uuid4()))
    told = {"actor": "root", "act": "assigned", "subject": "device van-01"}
    connection.execute(sa.insert(tables.audit).values(tenant_id=tenant_id, **told))


def _alert() -> dict[str, object]:
    times = dict.fromkeys(("raised_at", "pressed_at", "last_press_at"), NOW)
    return {**times, "type": 1, "priority": 4, "state": "open", "text": "Panic", "press_count": 1}
