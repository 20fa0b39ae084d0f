"""The one MetaData of the schema, its naming convention, and columns that many tables share."""

from collections.abc import Iterable

import sqlalchemy as sa

NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)

Instant = sa.DateTime(timezone=True)
Words = sa.ARRAY(sa.Text, dimensions=1)

# What may stand as a level of a topic (domain.wire.topics.require_segment).
TOPIC_SEGMENT = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


def tenant_id() -> sa.Column[object]:
    """The tenant a row belongs to; foreign keys go by (tenant_id, id), so that no row can point into another tenant."""
    return sa.Column("tenant_id", sa.Uuid, nullable=False)


def created_at() -> sa.Column[object]:
    """When the row was made."""
    return sa.Column("created_at", Instant, nullable=False, server_default=sa.func.now())


def one_of(column: str, words: Iterable[object]) -> sa.CheckConstraint:
    """A column that holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)
