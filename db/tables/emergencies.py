"""Presses, alerts and what happened to them (R44, R46–R48)."""

import sqlalchemy as sa

from db.tables.metadata import Instant, Words, metadata, one_of, tenant_id
from domain import emergencies, telemetry

alert = sa.Table(
    "alert",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("type", sa.SmallInteger, nullable=False, comment="domain.emergencies.AlertType (R33)"),
    sa.Column("priority", sa.SmallInteger, nullable=False, comment="1 low to 4 critical (R33)"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("raised_at", Instant, nullable=False, comment="by the server's clock"),
    sa.Column("pressed_at", Instant, nullable=False, comment="by the device's clock"),
    sa.Column("last_press_at", Instant, nullable=False, comment="by the server's clock"),
    sa.Column("press_count", sa.Integer, nullable=False),
    sa.Column("device_name", sa.Text, nullable=False),
    sa.Column("fob", sa.Text, nullable=False),
    sa.Column("person_id", sa.Uuid),
    sa.Column("location_lat", sa.Double),
    sa.Column("location_lon", sa.Double),
    sa.Column("location_time", Instant),
    sa.Column("location_age_s", sa.Double, comment="when the alert was raised"),
    sa.Column("location_accuracy_m", sa.Double),
    sa.Column("location_source", sa.Text),
    sa.Column("remarks", Words, nullable=False, server_default="{}"),
    sa.Column("cancelled_by_device_at", Instant, comment="never resolves (R47)"),
    sa.Column("acknowledged_at", Instant),
    sa.Column("acknowledged_by", sa.Text),
    sa.Column("resolved_at", Instant),
    sa.Column("resolved_by", sa.Text),
    sa.Column("resolution", sa.Text),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "person_id"], ["person.tenant_id", "person.id"]),
    one_of("state", emergencies.AlertState),
    one_of("location_source", emergencies.LocationSource),
    sa.CheckConstraint("type BETWEEN 1 AND 6", name="type"),
    sa.CheckConstraint("priority BETWEEN 1 AND 4", name="priority"),
    sa.CheckConstraint("press_count > 0", name="press_count"),
    sa.CheckConstraint(
        "num_nonnulls(location_lat, location_lon, location_time, location_age_s, location_source) IN (0, 5)",
        name="location",
    ),
    sa.CheckConstraint(
        "(state = 'resolved') = (resolved_at IS NOT NULL AND resolved_by IS NOT NULL AND resolution IS NOT NULL)",
        name="resolved",
    ),
    sa.CheckConstraint(
        "state <> 'acknowledged' OR (acknowledged_at IS NOT NULL AND acknowledged_by IS NOT NULL)", name="acknowledged"
    ),
    # What must never happen: two unresolved alerts of one fob (R47). Two transactions meet here, and one waits.
    sa.Index(
        "uq_alert_unresolved_fob", "tenant_id", "fob", unique=True, postgresql_where=sa.text("state <> 'resolved'")
    ),
    sa.Index("ix_alert_tenant_id_raised_at", "tenant_id", "raised_at"),
)

press = sa.Table(
    "press",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False, comment="made by the device: one that comes twice counts once (R47)"),
    sa.Column("device_id", sa.Integer, comment="null where the tenant has no device of that name"),
    sa.Column("device_name", sa.Text, nullable=False),
    sa.Column("fob", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("time", Instant, nullable=False, comment="by the device's clock"),
    sa.Column("clock", sa.Text, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("battery_pct", sa.Double),
    sa.Column("fix_time", Instant),
    sa.Column("fix_lat", sa.Double),
    sa.Column("fix_lon", sa.Double),
    sa.Column("fix_mode", sa.SmallInteger),
    sa.Column("fix_alt_m", sa.Double),
    sa.Column("fix_speed_mps", sa.Double),
    sa.Column("fix_course_deg", sa.Double),
    sa.Column("fix_hdop", sa.Double),
    sa.Column("fix_satellites", sa.SmallInteger),
    sa.Column("fix_accuracy_m", sa.Double),
    sa.Column("fix_age_s", sa.Double),
    sa.Column("remarks", Words, nullable=False, server_default="{}", comment="what was wrong with the message (R44)"),
    sa.Column("alert_id", sa.Uuid),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "alert_id"], ["alert.tenant_id", "alert.id"]),
    one_of("kind", telemetry.PressKind),
    one_of("clock", telemetry.Clock),
    sa.CheckConstraint("num_nonnulls(fix_time, fix_lat, fix_lon, fix_mode) IN (0, 4)", name="fix"),
    sa.Index("ix_press_tenant_id_fob_time", "tenant_id", "fob", "time"),
    sa.Index("ix_press_tenant_id_alert_id", "tenant_id", "alert_id"),
)

alert_history = sa.Table(
    "alert_history",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    tenant_id(),
    sa.Column("alert_id", sa.Uuid, nullable=False),
    sa.Column("change", sa.Text, nullable=False, comment="domain.emergencies.AlertChange"),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.Text, comment="null is the system or the device"),
    sa.Column("note", sa.Text),
    sa.ForeignKeyConstraint(["tenant_id", "alert_id"], ["alert.tenant_id", "alert.id"]),
    sa.Index("ix_alert_history_tenant_id_alert_id_id", "tenant_id", "alert_id", "id"),
)
