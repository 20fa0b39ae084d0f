"""The fences that a tenant watches, and what happened at them."""

import geoalchemy2
import sqlalchemy as sa

from db.tables.metadata import Instant, created_at, metadata, one_of, tenant_id
from domain import geofencing

GEOFENCE_KINDS = ("depot", "customer", "patrol_site", "parking", "stand", "zone", "other")

geofence = sa.Table(
    "geofence",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, server_default="zone"),
    sa.Column("geom", geoalchemy2.Geometry("POLYGON", srid=4326, spatial_index=False), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    created_at(),
    sa.Column("updated_at", Instant, nullable=False, server_default=sa.func.now(), onupdate=sa.func.now()),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.UniqueConstraint("tenant_id", "name"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.CheckConstraint("ST_IsValid(geom) AND NOT ST_IsEmpty(geom)", name="geom"),
    one_of("kind", GEOFENCE_KINDS),
    sa.Index("ix_geofence_geom", "geom", postgresql_using="gist"),
)

# A function of the ordered fixes alone: its key is what it is, so that deriving it again changes nothing.
geofence_event = sa.Table(
    "geofence_event",
    metadata,
    tenant_id(),
    sa.Column("geofence_id", sa.Uuid, nullable=False),
    sa.Column("time", Instant, nullable=False, comment="of the fix that crossed"),
    sa.Column("lat", sa.Double, nullable=False),
    sa.Column("lon", sa.Double, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false(), comment="a fact of receipt"),
    sa.PrimaryKeyConstraint("device_id", "time", "geofence_id", "kind"),
    sa.ForeignKeyConstraint(["tenant_id", "geofence_id"], ["geofence.tenant_id", "geofence.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    sa.Index("ix_geofence_event_tenant_id_time", "tenant_id", "time"),
    one_of("kind", geofencing.TransitionKind),
)

# The fences that each device is in now: where ingest goes on after a restart.
geofence_presence = sa.Table(
    "geofence_presence",
    metadata,
    tenant_id(),
    sa.Column("geofence_id", sa.Uuid, nullable=False),
    sa.Column("entered_at", Instant, nullable=False, comment="time of the fix that entered"),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("device_id", "geofence_id"),
    sa.ForeignKeyConstraint(["tenant_id", "geofence_id"], ["geofence.tenant_id", "geofence.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
)
