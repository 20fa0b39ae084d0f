"""Fences of every shape with their rules, and the visits at them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.migrations import protection

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_NEW_COLUMNS: tuple[tuple[str, sa.Column[Any]], ...] = (
    ("geofence", sa.Column("shape", sa.Text(), server_default="polygon", nullable=False)),
    ("geofence", sa.Column("radius_m", sa.Double(), nullable=True)),
    ("geofence", sa.Column("width_m", sa.Double(), nullable=True)),
    ("geofence", sa.Column("floor_m", sa.Double(), nullable=True)),
    ("geofence", sa.Column("ceiling_m", sa.Double(), nullable=True)),
    (
        "geofence",
        sa.Column("schedule", postgresql.JSONB(), nullable=True, comment="hours in which it is in force; null: always"),
    ),
    ("geofence", sa.Column("valid_from", sa.Date(), nullable=True, comment="local day")),
    ("geofence", sa.Column("valid_until", sa.Date(), nullable=True, comment="local day, included")),
    ("geofence", sa.Column("rules", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)),
    (
        "geofence_event",
        sa.Column("reason", sa.Text(), server_default="deep", nullable=False, comment="why it was believed"),
    ),
    (
        "geofence_event",
        sa.Column("decided_at", _INSTANT, nullable=True, comment="time of the fix that settled it"),
    ),
    ("geofence_event", sa.Column("visit_id", sa.Uuid(), nullable=True, comment="the stay that it belongs to")),
    ("geofence_event", sa.Column("speed_mps", sa.REAL(), nullable=True)),
    (
        "geofence_event",
        sa.Column(
            "corrected_at", _INSTANT, nullable=True, comment="a fact of receipt: when late data made or changed it"
        ),
    ),
    ("geofence_presence", sa.Column("phase", sa.Text(), server_default="in", nullable=False)),
    ("geofence_presence", sa.Column("state", postgresql.JSONB(), nullable=True, comment="domain.fence_states")),
)
_CHECKS = (
    (
        "geofence",
        "geom",
        "(ST_IsValid(geom) OR ST_IsValid(ST_ShiftLongitude(geom))) AND NOT ST_IsEmpty(geom)",
    ),
    (
        "geofence",
        "geom_of_shape",
        """CASE shape
    WHEN 'polygon' THEN GeometryType(geom) IN ('POLYGON', 'MULTIPOLYGON')
    WHEN 'circle' THEN GeometryType(geom) = 'POINT' AND radius_m IS NOT NULL
    ELSE GeometryType(geom) = 'LINESTRING' AND width_m IS NOT NULL
END""",
    ),
    ("geofence", "sizes", "radius_m > 0 AND width_m > 0"),
    (
        "geofence",
        "days",
        "valid_from BETWEEN '0001-01-01' AND '9999-12-31' AND valid_until BETWEEN '0001-01-01' AND '9999-12-31'",
    ),
    ("geofence", "shape", "shape IN ('polygon', 'circle', 'corridor')"),
    (
        "geofence_event",
        "kind",
        "kind IN ('entered', 'exited', 'dwelled', 'crossed', 'speeding', 'absent', 'unauthorised')",
    ),
    (
        "geofence_event",
        "reason",
        "reason IN ('deep', 'count', 'time', 'schedule', 'edited', 'segment', 'dwell', 'speed', 'window', 'guard')",
    ),
    ("geofence_presence", "phase", "phase IN ('entering', 'in', 'leaving')"),
)


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    for table, column in _NEW_COLUMNS:
        op.add_column(table, column)
    # Every fence and event so far is of the one kind there was.
    op.execute("UPDATE geofence_event SET decided_at = time")
    op.execute(
        "UPDATE geofence_presence SET state = jsonb_build_object('phase', 'in', 'entered_at', to_jsonb(entered_at))"
    )
    op.alter_column("geofence_event", "decided_at", nullable=False)
    op.alter_column("geofence_presence", "state", nullable=False)
    op.alter_column(
        "geofence_presence",
        "entered_at",
        nullable=True,
        comment="null: not sure yet",
        existing_comment="time of the fix that entered",
    )
    op.alter_column("geofence_event", "lat", nullable=True)
    op.alter_column("geofence_event", "lon", nullable=True)
    op.execute("COMMENT ON COLUMN geofence_event.time IS 'of the fix at which it began'")
    for table, name in (("geofence", "geom"), ("geofence_event", "kind")):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.execute("ALTER TABLE geofence ALTER COLUMN geom TYPE geometry(Geometry, 4326)")
    op.execute(
        "COMMENT ON COLUMN geofence.geom IS 'polygons, a circle''s centre, a corridor''s line; edges are great circles'"
    )
    for table, name, condition in _CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    op.drop_constraint(op.f("uq_geofence_tenant_id_name"), "geofence", type_="unique")
    op.create_index(
        "uq_geofence_tenant_id_name",
        "geofence",
        ["tenant_id", "name"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_index("ix_geofence_event_device_id_decided_at", "geofence_event", ["device_id", "decided_at"])
    op.create_index(
        "ix_geofence_event_visit_id",
        "geofence_event",
        ["visit_id"],
        postgresql_where=sa.text("visit_id IS NOT NULL"),
    )
    _make_groups()
    _make_visits()


def _make_groups() -> None:
    op.create_table(
        "device_group",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_device_group_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_device_group")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_device_group_tenant_id_name")),
    )
    op.create_table(
        "device_group_member",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _to("device_group_member", "group_id", "device_group", ondelete="CASCADE"),
        _to("device_group_member", "device_id", "device"),
        sa.PrimaryKeyConstraint("tenant_id", "group_id", "device_id", name=op.f("pk_device_group_member")),
    )
    op.create_table(
        "geofence_assignment",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("geofence_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _to("geofence_assignment", "geofence_id", "geofence"),
        _to("geofence_assignment", "vehicle_id", "vehicle"),
        _to("geofence_assignment", "person_id", "person"),
        _to("geofence_assignment", "group_id", "device_group", ondelete="CASCADE"),
        _to("geofence_assignment", "device_id", "device"),
        sa.CheckConstraint(
            "num_nonnulls(device_id, vehicle_id, person_id, group_id) = 1",
            name=op.f("ck_geofence_assignment_one_of_them"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_geofence_assignment")),
        sa.UniqueConstraint(
            *("tenant_id", "geofence_id", "vehicle_id", "person_id", "group_id", "device_id"),
            name="uq_geofence_assignment_whom",
            postgresql_nulls_not_distinct=True,
        ),
    )
    for table in ("device_group", "device_group_member", "geofence_assignment"):
        protection.protect(table)
        protection.notify_changes(table, channel="geofences")


def _make_visits() -> None:
    op.create_table(
        "visit",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False, comment="of device, fence and entry (domain.fence_fold.visit_id)"),
        sa.Column("geofence_id", sa.Uuid(), nullable=False),
        sa.Column("entered_at", _INSTANT, nullable=False),
        sa.Column("dwelled_at", _INSTANT, nullable=True),
        sa.Column("exited_at", _INSTANT, nullable=True, comment="null: still inside"),
        sa.Column(
            "corrected_at", _INSTANT, nullable=True, comment="a fact of receipt: when late data made or changed it"
        ),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("enter_reason", sa.Text(), nullable=False),
        sa.Column("exit_reason", sa.Text(), nullable=True),
        _to("visit", "geofence_id", "geofence"),
        _to("visit", "device_id", "device"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_visit")),
    )
    op.create_index("ix_visit_tenant_id_entered_at", "visit", ["tenant_id", "entered_at"])
    op.create_index("ix_visit_device_id_geofence_id_entered_at", "visit", ["device_id", "geofence_id", "entered_at"])
    op.create_table(
        "geofence_absence",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("geofence_id", sa.Uuid(), nullable=False),
        sa.Column("window_start", _INSTANT, nullable=False),
        sa.Column("window_end", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("settled_at", _INSTANT, nullable=True, comment="a fact of receipt: when it was looked at"),
        sa.Column("device_id", sa.Integer(), nullable=False),
        _to("geofence_absence", "geofence_id", "geofence"),
        _to("geofence_absence", "device_id", "device"),
        sa.PrimaryKeyConstraint("device_id", "geofence_id", "window_start", name=op.f("pk_geofence_absence")),
    )
    op.create_index(
        "ix_geofence_absence_due_at", "geofence_absence", ["due_at"], postgresql_where=sa.text("settled_at IS NULL")
    )
    op.create_index("ix_geofence_absence_geofence_id_window_start", "geofence_absence", ["geofence_id", "window_start"])
    for table in ("visit", "geofence_absence"):
        protection.protect(table, web="SELECT")


def _to(table: str, column: str, other: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tenant_id_{column}_{other}")
    columns = ["tenant_id", column], [f"{other}.tenant_id", f"{other}.id"]
    return sa.ForeignKeyConstraint(*columns, name=name, ondelete=ondelete)


def downgrade() -> None:
    """Take it away; fences of other shapes and events of other kinds go with it."""
    protection.act_as_owner()
    for table in ("geofence_absence", "visit", "geofence_assignment", "device_group_member", "device_group"):
        op.drop_table(table)
    op.drop_index("uq_geofence_tenant_id_name", "geofence")
    op.drop_index("ix_geofence_event_device_id_decided_at", "geofence_event")
    op.drop_index("ix_geofence_event_visit_id", "geofence_event")
    for table, name, _ in reversed(_CHECKS):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    _drop_what_does_not_fit()
    op.execute("ALTER TABLE geofence ALTER COLUMN geom TYPE geometry(Polygon, 4326)")
    op.execute("COMMENT ON COLUMN geofence.geom IS NULL")
    op.create_check_constraint(op.f("ck_geofence_geom"), "geofence", "ST_IsValid(geom) AND NOT ST_IsEmpty(geom)")
    op.create_check_constraint(op.f("ck_geofence_event_kind"), "geofence_event", "kind IN ('entered', 'exited')")
    op.create_unique_constraint(op.f("uq_geofence_tenant_id_name"), "geofence", ["tenant_id", "name"])
    op.alter_column("geofence_presence", "entered_at", nullable=False)
    op.alter_column("geofence_event", "lat", nullable=False)
    op.alter_column("geofence_event", "lon", nullable=False)
    op.execute("COMMENT ON COLUMN geofence_event.time IS 'of the fix that crossed'")
    op.execute("COMMENT ON COLUMN geofence_presence.entered_at IS 'time of the fix that entered'")
    for table, column in reversed(_NEW_COLUMNS):
        op.drop_column(table, column.name)


def _drop_what_does_not_fit() -> None:
    op.execute("DELETE FROM geofence_event WHERE kind NOT IN ('entered', 'exited')")
    op.execute("DELETE FROM geofence_presence WHERE phase = 'entering'")
    op.execute(
        "CREATE TEMPORARY TABLE unfit ON COMMIT DROP AS SELECT tenant_id, id FROM geofence AS g "
        "WHERE GeometryType(geom) <> 'POLYGON' OR NOT ST_IsValid(geom) OR NOT active AND EXISTS "
        "(SELECT FROM geofence AS o WHERE o.tenant_id = g.tenant_id AND o.name = g.name AND o.id <> g.id)"
    )
    op.execute(
        "DELETE FROM geofence_event AS e USING unfit WHERE e.tenant_id = unfit.tenant_id AND e.geofence_id = unfit.id"
    )
    op.execute(
        "DELETE FROM geofence_presence AS p USING unfit WHERE p.tenant_id = unfit.tenant_id AND p.geofence_id = unfit.id"
    )
    op.execute("DELETE FROM geofence AS g USING unfit WHERE g.tenant_id = unfit.tenant_id AND g.id = unfit.id")
