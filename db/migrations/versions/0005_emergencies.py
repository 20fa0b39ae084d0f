"""Presses, alerts and their history."""

import sqlalchemy as sa
from alembic import op

from db.migrations import protection

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    op.create_table(
        "alert",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False, comment="domain.emergencies.AlertType (R33)"),
        sa.Column("priority", sa.SmallInteger(), nullable=False, comment="1 low to 4 critical (R33)"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False, comment="by the server's clock"),
        sa.Column("pressed_at", sa.DateTime(timezone=True), nullable=False, comment="by the device's clock"),
        sa.Column("last_press_at", sa.DateTime(timezone=True), nullable=False, comment="by the server's clock"),
        sa.Column("press_count", sa.Integer(), nullable=False),
        sa.Column("device_name", sa.Text(), nullable=False),
        sa.Column("fob", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("location_lat", sa.Double(), nullable=True),
        sa.Column("location_lon", sa.Double(), nullable=True),
        sa.Column("location_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("location_age_s", sa.Double(), nullable=True, comment="when the alert was raised"),
        sa.Column("location_accuracy_m", sa.Double(), nullable=True),
        sa.Column("location_source", sa.Text(), nullable=True),
        sa.Column("remarks", sa.ARRAY(sa.Text(), dimensions=1), server_default="{}", nullable=False),
        sa.Column("cancelled_by_device_at", sa.DateTime(timezone=True), nullable=True, comment="never resolves (R47)"),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'resolved') = (resolved_at IS NOT NULL AND resolved_by IS NOT NULL AND resolution IS NOT NULL)",
            name=op.f("ck_alert_resolved"),
        ),
        sa.CheckConstraint("location_source IN ('press', 'latest')", name=op.f("ck_alert_location_source")),
        sa.CheckConstraint(
            "state <> 'acknowledged' OR (acknowledged_at IS NOT NULL AND acknowledged_by IS NOT NULL)",
            name=op.f("ck_alert_acknowledged"),
        ),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name=op.f("ck_alert_state")),
        sa.CheckConstraint(
            "num_nonnulls(location_lat, location_lon, location_time, location_age_s, location_source) IN (0, 5)",
            name=op.f("ck_alert_location"),
        ),
        sa.CheckConstraint("press_count > 0", name=op.f("ck_alert_press_count")),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_alert_priority")),
        sa.CheckConstraint("type BETWEEN 1 AND 6", name=op.f("ck_alert_type")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["person.tenant_id", "person.id"],
            name=op.f("fk_alert_tenant_id_person_id_person"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_alert_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_alert")),
    )
    op.create_index("ix_alert_tenant_id_raised_at", "alert", ["tenant_id", "raised_at"], unique=False)
    op.create_index(
        "uq_alert_unresolved_fob",
        "alert",
        ["tenant_id", "fob"],
        unique=True,
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_table(
        "press",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.Uuid(), nullable=False, comment="made by the device: one that comes twice counts once (R47)"
        ),
        sa.Column("device_id", sa.Integer(), nullable=True, comment="null where the tenant has no device of that name"),
        sa.Column("device_name", sa.Text(), nullable=False),
        sa.Column("fob", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="by the device's clock"),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("battery_pct", sa.Double(), nullable=True),
        sa.Column("fix_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fix_lat", sa.Double(), nullable=True),
        sa.Column("fix_lon", sa.Double(), nullable=True),
        sa.Column("fix_mode", sa.SmallInteger(), nullable=True),
        sa.Column("fix_alt_m", sa.Double(), nullable=True),
        sa.Column("fix_speed_mps", sa.Double(), nullable=True),
        sa.Column("fix_course_deg", sa.Double(), nullable=True),
        sa.Column("fix_hdop", sa.Double(), nullable=True),
        sa.Column("fix_satellites", sa.SmallInteger(), nullable=True),
        sa.Column("fix_accuracy_m", sa.Double(), nullable=True),
        sa.Column("fix_age_s", sa.Double(), nullable=True),
        sa.Column(
            "remarks",
            sa.ARRAY(sa.Text(), dimensions=1),
            server_default="{}",
            nullable=False,
            comment="what was wrong with the message (R44)",
        ),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("clock IN ('gps', 'ntp', 'unset')", name=op.f("ck_press_clock")),
        sa.CheckConstraint(
            "kind IN ('press', 'long', 'double', 'man_down', 'fall', 'check_in', 'cancel', 'test')",
            name=op.f("ck_press_kind"),
        ),
        sa.CheckConstraint("num_nonnulls(fix_time, fix_lat, fix_lon, fix_mode) IN (0, 4)", name=op.f("ck_press_fix")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "alert_id"], ["alert.tenant_id", "alert.id"], name=op.f("fk_press_tenant_id_alert_id_alert")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "device_id"],
            ["device.tenant_id", "device.id"],
            name=op.f("fk_press_tenant_id_device_id_device"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_press_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_press")),
    )
    op.create_index("ix_press_tenant_id_alert_id", "press", ["tenant_id", "alert_id"], unique=False)
    op.create_index("ix_press_tenant_id_fob_time", "press", ["tenant_id", "fob", "time"], unique=False)
    op.create_table(
        "alert_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False, comment="domain.emergencies.AlertChange"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True, comment="null is the system or the device"),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "alert_id"],
            ["alert.tenant_id", "alert.id"],
            name=op.f("fk_alert_history_tenant_id_alert_id_alert"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_history")),
    )
    op.create_index(
        "ix_alert_history_tenant_id_alert_id_id", "alert_history", ["tenant_id", "alert_id", "id"], unique=False
    )

    for table in ("alert", "press"):
        protection.protect(table)
    # History is only ever added to.
    protection.protect("alert_history", web="SELECT, INSERT", backend="SELECT, INSERT")


def downgrade() -> None:
    """Take it back."""
    op.drop_table("alert_history")
    op.drop_table("press")
    op.drop_table("alert")
