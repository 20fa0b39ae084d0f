"""Who had which device, fob and vehicle when (R62), and who was on duty when (R59)."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from db.tables.metadata import Instant, created_at, metadata, tenant_id

# A time out of Python's calendar would be read by nobody again, ingest among them.
_PERIOD = "until > since AND since >= '1970-01-01Z' AND until < '9999-01-01Z'"
_DURING = sa.func.tstzrange(sa.column("since"), sa.column("until"))


def _period() -> tuple[sa.Column[object], sa.Column[object]]:
    return (
        sa.Column("since", Instant, nullable=False),
        sa.Column("until", Instant, comment="not included; null: it goes on"),
    )


def _one_at_a_time(name: str, thing: str, where: str) -> postgresql.ExcludeConstraint:
    """No two rows of one thing at one time, of those `where` holds for."""
    return postgresql.ExcludeConstraint(
        ("tenant_id", "="), (thing, "="), (_DURING, "&&"), name=name, using="gist", where=sa.text(where)
    )


# Two things are named: what is had (a device or a fob; a vehicle by a person) and who or what has it. A device may be in a
# vehicle and with a person at once; a vehicle may have a crew.
assignment = sa.Table(
    "assignment",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("device_id", sa.Integer),
    sa.Column("fob_code", sa.Text),
    sa.Column("person_id", sa.Uuid),
    sa.Column("vehicle_id", sa.Uuid),
    *_period(),
    sa.Column("assigned_by", sa.Text, nullable=False),
    sa.Column("ended_by", sa.Text),
    created_at(),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "fob_code"], ["fob.tenant_id", "fob.code"]),
    sa.ForeignKeyConstraint(["tenant_id", "person_id"], ["person.tenant_id", "person.id"]),
    sa.ForeignKeyConstraint(["tenant_id", "vehicle_id"], ["vehicle.tenant_id", "vehicle.id"]),
    sa.CheckConstraint(
        "num_nonnulls(device_id, fob_code, person_id, vehicle_id) = 2 AND num_nonnulls(device_id, fob_code) < 2",
        name="two_of_them",
    ),
    sa.CheckConstraint(_PERIOD, name="period"),
    _one_at_a_time("ex_assignment_device_person", "device_id", "person_id IS NOT NULL"),
    _one_at_a_time("ex_assignment_device_vehicle", "device_id", "vehicle_id IS NOT NULL"),
    _one_at_a_time("ex_assignment_fob_person", "fob_code", "person_id IS NOT NULL"),
    _one_at_a_time("ex_assignment_fob_vehicle", "fob_code", "vehicle_id IS NOT NULL"),
    _one_at_a_time("ex_assignment_person_vehicle", "person_id", "vehicle_id IS NOT NULL"),
    sa.Index("ix_assignment_device_id_since", "device_id", "since"),
    sa.Index("ix_assignment_tenant_id_fob_code_since", "tenant_id", "fob_code", "since"),
    sa.Index("ix_assignment_tenant_id_person_id_since", "tenant_id", "person_id", "since"),
    sa.Index("ix_assignment_tenant_id_vehicle_id_since", "tenant_id", "vehicle_id", "since"),
)

duty_period = sa.Table(
    "duty_period",
    metadata,
    tenant_id(),
    sa.Column("id", sa.Uuid, nullable=False),
    sa.Column("person_id", sa.Uuid, nullable=False),
    *_period(),
    sa.Column("begun_by", sa.Text, nullable=False),
    sa.Column("ended_by", sa.Text),
    created_at(),
    sa.PrimaryKeyConstraint("tenant_id", "id"),
    sa.ForeignKeyConstraint(["tenant_id", "person_id"], ["person.tenant_id", "person.id"]),
    sa.CheckConstraint(_PERIOD, name="period"),
    _one_at_a_time("ex_duty_period_person", "person_id", "person_id IS NOT NULL"),
)
