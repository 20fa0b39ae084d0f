"""Who had which device, fob and vehicle when; who is on duty; who did and read what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db import roles
from db.migrations import protection

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_HELD = (("device", "person"), ("device", "vehicle"), ("fob", "person"), ("fob", "vehicle"))
_ID = {"device": "id", "fob": "code"}
_COLUMN = {"device": "device_id", "fob": "fob_code"}
# What was done stays written.
_ADD_ALONE = "SELECT, INSERT"
# A time out of Python's calendar would be read by nobody again, ingest among them.
_PERIOD = "until > since AND since >= '1970-01-01Z' AND until < '9999-01-01Z'"

# As of the row's own making: nobody has said since when. What was there before is nobody's, and so is what was out of
# service from its beginning.
_MOVE = """
INSERT INTO assignment (tenant_id, id, {thing_column}, {holder}_id, since, until, assigned_by)
SELECT tenant_id, gen_random_uuid(), {thing_id}, {holder}_id, created_at, retired_at, 'migration 0011'
FROM {thing}
WHERE {holder}_id IS NOT NULL AND (retired_at IS NULL OR retired_at > created_at)
"""
_MOVE_BACK = """
UPDATE {thing} AS t SET {holder}_id = a.{holder}_id
FROM assignment AS a
WHERE a.tenant_id = t.tenant_id AND a.{thing_column} = t.{thing_id} AND a.{holder}_id IS NOT NULL
    AND tstzrange(a.since, a.until) @> now()
"""

# Whoever has a box that was retired must not be let in by its old password once the name serves again: the broker's file
# loses a user whose hash is empty.
_FORGET = """
CREATE FUNCTION app.forget_device_password() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE device_password SET hash = '' WHERE device_id = NEW.id AND tenant_id = NEW.tenant_id;
    RETURN NULL;
END
$$
"""
_WHEN_BACK = """
CREATE TRIGGER forget_password AFTER UPDATE OF retired_at ON device
FOR EACH ROW WHEN (OLD.retired_at IS NOT NULL AND NEW.retired_at IS NULL)
EXECUTE FUNCTION app.forget_device_password()
"""


def upgrade() -> None:
    """Make it."""
    # For "no two of one thing at one time": a trusted extension, in PostgreSQL's own contrib.
    # By whoever migrates: the owner role, which the migration before has left in this transaction, makes none.
    op.execute("SET LOCAL ROLE NONE")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    protection.act_as_owner()
    op.add_column(
        "tenant",
        sa.Column(
            "duty_only",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="positions are kept of people on duty alone (R59)",
        ),
    )
    _make_assignment()
    _make_duty_period()
    _make_audit()
    for thing, holder in _HELD:
        op.execute(_MOVE.format(thing=thing, holder=holder, thing_column=_COLUMN[thing], thing_id=_ID[thing]))
    for thing, holder in _HELD:
        op.drop_column(thing, f"{holder}_id")
    for table in ("assignment", "duty_period"):
        protection.protect(table)
    protection.protect("audit", web=_ADD_ALONE, backend=_ADD_ALONE)
    op.execute(f"GRANT UPDATE (duty_only) ON tenant TO {roles.WEB}")
    # Fences look at people and vehicles, whose devices these are.
    protection.notify_changes("assignment", channel="registry")
    op.execute(_FORGET)
    op.execute(_WHEN_BACK)


def downgrade() -> None:
    """Take it away; of the assignments those of this moment stay."""
    protection.act_as_owner()
    op.execute("DROP TRIGGER forget_password ON device")
    op.execute("DROP FUNCTION app.forget_device_password()")
    op.execute(f"REVOKE UPDATE (duty_only) ON tenant FROM {roles.WEB}")
    for thing, holder in _HELD:
        op.add_column(thing, sa.Column(f"{holder}_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            f"fk_{thing}_tenant_id_{holder}_id_{holder}",
            thing,
            holder,
            ["tenant_id", f"{holder}_id"],
            ["tenant_id", "id"],
        )
        op.execute(_MOVE_BACK.format(thing=thing, holder=holder, thing_column=_COLUMN[thing], thing_id=_ID[thing]))
    op.drop_table("audit")
    op.drop_table("duty_period")
    op.drop_table("assignment")
    op.drop_column("tenant", "duty_only")


def _make_assignment() -> None:
    op.create_table(
        "assignment",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=True),
        sa.Column("fob_code", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        *_period(),
        sa.Column("assigned_by", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("created_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(device_id, fob_code, person_id, vehicle_id) = 2 AND num_nonnulls(device_id, fob_code) < 2",
            name=op.f("ck_assignment_two_of_them"),
        ),
        sa.CheckConstraint(_PERIOD, name=op.f("ck_assignment_period")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_assignment_tenant_id_tenant")),
        _foreign_key("assignment", "device_id", "device", "id"),
        _foreign_key("assignment", "fob_code", "fob", "code"),
        _foreign_key("assignment", "person_id", "person", "id"),
        _foreign_key("assignment", "vehicle_id", "vehicle", "id"),
        _one_at_a_time("ex_assignment_device_person", "device_id", "person_id IS NOT NULL"),
        _one_at_a_time("ex_assignment_device_vehicle", "device_id", "vehicle_id IS NOT NULL"),
        _one_at_a_time("ex_assignment_fob_person", "fob_code", "person_id IS NOT NULL"),
        _one_at_a_time("ex_assignment_fob_vehicle", "fob_code", "vehicle_id IS NOT NULL"),
        _one_at_a_time("ex_assignment_person_vehicle", "person_id", "vehicle_id IS NOT NULL"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_device_id_since", "assignment", ["device_id", "since"])
    for column in ("fob_code", "person_id", "vehicle_id"):
        op.create_index(f"ix_assignment_tenant_id_{column}_since", "assignment", ["tenant_id", column, "since"])


def _make_duty_period() -> None:
    op.create_table(
        "duty_period",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        *_period(),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("created_at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(_PERIOD, name=op.f("ck_duty_period_period")),
        _foreign_key("duty_period", "person_id", "person", "id"),
        _one_at_a_time("ex_duty_period_person", "person_id", "person_id IS NOT NULL"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_duty_period")),
    )


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("at", _INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "actor", sa.Text(), nullable=False, comment="as others see them; on the machine the user's name there"
        ),
        sa.Column("account_id", sa.Uuid(), nullable=True, comment="null: by the command line"),
        sa.Column("act", sa.Text(), nullable=False, comment="db.audit.Act"),
        sa.Column("subject", sa.Text(), nullable=False, comment="of whom or what"),
        sa.Column("detail", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_audit_tenant_id_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_tenant_id_id", "audit", ["tenant_id", "id"])


def _period() -> tuple[sa.Column[object], sa.Column[object]]:
    return (
        sa.Column("since", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=True, comment="not included; null: it goes on"),
    )


def _one_at_a_time(name: str, thing: str, where: str) -> postgresql.ExcludeConstraint:
    during = sa.func.tstzrange(sa.column("since"), sa.column("until"))
    return postgresql.ExcludeConstraint(
        ("tenant_id", "="), (thing, "="), (during, "&&"), name=name, using="gist", where=sa.text(where)
    )


def _foreign_key(table: str, column: str, other: str, key: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{other}.tenant_id", f"{other}.{key}"],
        name=op.f(f"fk_{table}_tenant_id_{column}_{other}"),
    )
