"""The fences that a tenant watches, whom they look at, and what happened at them."""

import geoalchemy2
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from db.tables.metadata import Instant, created_at, metadata, one_of, tenant_id
from domain import fence_states, fences

GEOFENCE_KINDS = ("depot", "customer", "patrol_site", "parking", "stand", "zone", "other")
GEOFENCE_SHAPES = ("polygon", "circle", "corridor")

_PHASES = (fence_states.Phase.ENTERING, fence_states.Phase.IN, fence_states.Phase.LEAVING)
_GEOM_OF_SHAPE = """CASE shape
    WHEN 'polygon' THEN GeometryType(geom) IN ('POLYGON', 'MULTIPOLYGON')
    WHEN 'circle' THEN GeometryType(geom) = 'POINT' AND radius_m IS NOT NULL
    ELSE GeometryType(geom) = 'LINESTRING' AND width_m IS NOT NULL
END"""

geofence = sa.Table(
    "geofence",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, server_default="zone"),
    sa.Column(
        "geom",
        geoalchemy2.Geometry("GEOMETRY", srid=4326, spatial_index=False),
        nullable=False,
        comment="polygons, a circle's centre, a corridor's line; edges are great circles",
    ),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    created_at(),
    sa.Column("updated_at", Instant, nullable=False, server_default=sa.func.now(), onupdate=sa.func.now()),
    sa.Column("shape", sa.Text, nullable=False, server_default="polygon"),
    sa.Column("radius_m", sa.Double),
    sa.Column("width_m", sa.Double),
    sa.Column("floor_m", sa.Double),
    sa.Column("ceiling_m", sa.Double),
    sa.Column("schedule", postgresql.JSONB, comment="hours in which it is in force; null: always"),
    sa.Column("valid_from", sa.Date, comment="local day"),
    sa.Column("valid_until", sa.Date, comment="local day, included"),
    sa.Column("rules", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    # An outline over the antimeridian is only an outline when it is looked at from the other side.
    sa.CheckConstraint(
        "(ST_IsValid(geom) OR ST_IsValid(ST_ShiftLongitude(geom))) AND NOT ST_IsEmpty(geom)", name="geom"
    ),
    sa.CheckConstraint(_GEOM_OF_SHAPE, name="geom_of_shape"),
    sa.CheckConstraint("radius_m > 0 AND width_m > 0", name="sizes"),
    # Neither infinity nor years that no calendar of ours has: whoever reads them would fail.
    sa.CheckConstraint(
        "valid_from BETWEEN '0001-01-01' AND '9999-12-31' AND valid_until BETWEEN '0001-01-01' AND '9999-12-31'",
        name="days",
    ),
    one_of("kind", GEOFENCE_KINDS),
    one_of("shape", GEOFENCE_SHAPES),
    sa.Index("ix_geofence_geom", "geom", postgresql_using="gist"),
    # A fence that is watched no more gives its name free.
    sa.Index("uq_geofence_tenant_id_name", "tenant_id", "name", unique=True, postgresql_where=sa.text("active")),
)

device_group = sa.Table(
    "device_group",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    created_at(),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.UniqueConstraint("tenant_id", "name"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
)

device_group_member = sa.Table(
    "device_group_member",
    metadata,
    tenant_id(),
    sa.Column("group_id", sa.Uuid, nullable=False),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.PrimaryKeyConstraint("tenant_id", "group_id", "device_id"),
    sa.ForeignKeyConstraint(
        ["tenant_id", "group_id"], ["device_group.tenant_id", "device_group.id"], ondelete="CASCADE"
    ),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
)

# A fence without an active row here looks at all devices of its tenant.
geofence_assignment = sa.Table(
    "geofence_assignment",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("geofence_id", sa.Uuid, nullable=False),
    sa.Column("vehicle_id", sa.Uuid),
    sa.Column("person_id", sa.Uuid),
    sa.Column("group_id", sa.Uuid),
    sa.Column("device_id", sa.Integer),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.UniqueConstraint(
        *("tenant_id", "geofence_id", "vehicle_id", "person_id", "group_id", "device_id"),
        name="uq_geofence_assignment_whom",
        postgresql_nulls_not_distinct=True,
    ),
    sa.ForeignKeyConstraint(["tenant_id", "geofence_id"], ["geofence.tenant_id", "geofence.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "vehicle_id"], ["vehicle.tenant_id", "vehicle.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "person_id"], ["person.tenant_id", "person.id"]),
    sa.ForeignKeyConstraint(
        ["tenant_id", "group_id"], ["device_group.tenant_id", "device_group.id"], ondelete="CASCADE"
    ),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    sa.CheckConstraint("num_nonnulls(device_id, vehicle_id, person_id, group_id) = 1", name="one_of_them"),
)

# A function of the ordered fixes alone: its key is what it is, so that deriving it again changes nothing.
geofence_event = sa.Table(
    "geofence_event",
    metadata,
    tenant_id(),
    sa.Column("geofence_id", sa.Uuid, nullable=False),
    sa.Column("time", Instant, nullable=False, comment="of the fix at which it began"),
    sa.Column("lat", sa.Double),
    sa.Column("lon", sa.Double),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false(), comment="a fact of receipt"),
    sa.Column("reason", sa.Text, nullable=False, server_default="deep", comment="why it was believed"),
    sa.Column("decided_at", Instant, nullable=False, comment="time of the fix that settled it"),
    sa.Column("visit_id", sa.Uuid, comment="the stay that it belongs to"),
    sa.Column("speed_mps", sa.REAL),
    sa.Column("corrected_at", Instant, comment="a fact of receipt: when late data made or changed it"),
    sa.PrimaryKeyConstraint("device_id", "time", "geofence_id", "kind"),
    sa.ForeignKeyConstraint(["tenant_id", "geofence_id"], ["geofence.tenant_id", "geofence.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    sa.Index("ix_geofence_event_tenant_id_time", "tenant_id", "time"),
    sa.Index("ix_geofence_event_device_id_decided_at", "device_id", "decided_at"),
    sa.Index("ix_geofence_event_visit_id", "visit_id", postgresql_where=sa.text("visit_id IS NOT NULL")),
    one_of("kind", fences.EventKind),
    one_of("reason", fences.Reason),
)

# A function of geofence_event: one row for each stay.
visit = sa.Table(
    "visit",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False, comment="of device, fence and entry (domain.fence_fold.visit_id)"),
    sa.Column("geofence_id", sa.Uuid, nullable=False),
    sa.Column("entered_at", Instant, nullable=False),
    sa.Column("dwelled_at", Instant),
    sa.Column("exited_at", Instant, comment="null: still inside"),
    sa.Column("corrected_at", Instant, comment="a fact of receipt: when late data made or changed it"),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.Column("enter_reason", sa.Text, nullable=False),
    sa.Column("exit_reason", sa.Text),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.ForeignKeyConstraint(["tenant_id", "geofence_id"], ["geofence.tenant_id", "geofence.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    sa.Index("ix_visit_tenant_id_entered_at", "tenant_id", "entered_at"),
    sa.Index("ix_visit_device_id_geofence_id_entered_at", "device_id", "geofence_id", "entered_at"),
)

# Where each device stands with the fences that it isn't plainly outside of: where ingest goes on after a restart.
geofence_presence = sa.Table(
    "geofence_presence",
    metadata,
    tenant_id(),
    sa.Column("geofence_id", sa.Uuid, nullable=False),
    sa.Column("entered_at", Instant, comment="null: not sure yet"),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.Column("phase", sa.Text, nullable=False, server_default=fence_states.Phase.IN),
    sa.Column("state", postgresql.JSONB, nullable=False, comment="domain.fence_states"),
    sa.PrimaryKeyConstraint("device_id", "geofence_id"),
    sa.ForeignKeyConstraint(["tenant_id", "geofence_id"], ["geofence.tenant_id", "geofence.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    one_of("phase", _PHASES),
)

# Hours in which a device should have been inside, to be looked at when they are over and what is late has come.
geofence_absence = sa.Table(
    "geofence_absence",
    metadata,
    tenant_id(),
    sa.Column("geofence_id", sa.Uuid, nullable=False),
    sa.Column("window_start", Instant, nullable=False),
    sa.Column("window_end", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("settled_at", Instant, comment="a fact of receipt: when it was looked at"),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("device_id", "geofence_id", "window_start"),
    sa.ForeignKeyConstraint(["tenant_id", "geofence_id"], ["geofence.tenant_id", "geofence.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    sa.Index("ix_geofence_absence_due_at", "due_at", postgresql_where=sa.text("settled_at IS NULL")),
    sa.Index("ix_geofence_absence_geofence_id_window_start", "geofence_id", "window_start"),
)
