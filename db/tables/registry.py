"""Who and what a tenant has: vehicles, people, devices, fobs; who has which of them when is in db.tables.assignments."""

import sqlalchemy as sa

from db.tables.metadata import TOPIC_SEGMENT, Instant, created_at, metadata, one_of, tenant_id

VEHICLE_KINDS = ("car", "van", "motorcycle", "bicycle", "bus", "truck", "other")
PERSON_KINDS = ("vtc_driver", "security_guard", "courier", "dispatcher", "supervisor")  # R11
DEVICE_KINDS = ("gateway", "tracker", "phone")

tenant = sa.Table(
    "tenant",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("slug", sa.Text, nullable=False, unique=True, comment="the tenant's level in topics"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC", comment="IANA name; local days go by it"),
    created_at(),
    sa.Column(
        "duty_only",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="positions are kept of people on duty alone (R59)",
    ),
    sa.CheckConstraint(f"slug ~ '{TOPIC_SEGMENT}'", name="slug"),
)

vehicle = sa.Table(
    "vehicle",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, server_default="car"),
    sa.Column("plate", sa.Text),
    created_at(),
    sa.Column("retired_at", Instant),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.UniqueConstraint("tenant_id", "name"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    one_of("kind", VEHICLE_KINDS),
)

person = sa.Table(
    "person",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("first_name", sa.Text, nullable=False),
    sa.Column("last_name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("phone", sa.Text),
    created_at(),
    sa.Column("retired_at", Instant),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    one_of("kind", PERSON_KINDS),
)

device = sa.Table(
    "device",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True, comment="short id of the hot tables"),
    tenant_id(),
    sa.Column("uid", sa.Uuid, nullable=False, unique=True, comment="public id"),
    sa.Column("name", sa.Text, nullable=False, comment="the device's level in topics"),
    sa.Column("kind", sa.Text, nullable=False, server_default="tracker"),
    sa.Column("label", sa.Text, comment="what people call it"),
    created_at(),
    sa.Column("retired_at", Instant),
    sa.UniqueConstraint("tenant_id", "id"),
    sa.UniqueConstraint("tenant_id", "name"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.CheckConstraint(f"name ~ '{TOPIC_SEGMENT}'", name="name"),
    one_of("kind", DEVICE_KINDS),
)

fob = sa.Table(
    "fob",
    metadata,
    tenant_id(),
    sa.Column("code", sa.Text, nullable=False, comment="what the panic button calls itself"),
    created_at(),
    sa.Column("retired_at", Instant),
    sa.PrimaryKeyConstraint("tenant_id", "code"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
)
