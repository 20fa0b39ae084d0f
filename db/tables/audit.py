"""Who did or read what that must be answered for: rows are added and never changed."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from db.tables.metadata import Instant, metadata, tenant_id

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    tenant_id(),
    sa.Column("at", Instant, nullable=False, server_default=sa.func.now()),
    sa.Column("actor", sa.Text, nullable=False, comment="as others see them; on the machine the user's name there"),
    sa.Column("account_id", sa.Uuid, comment="null: by the command line"),
    sa.Column("act", sa.Text, nullable=False, comment="db.audit.Act"),
    sa.Column("subject", sa.Text, nullable=False, comment="of whom or what"),
    sa.Column("detail", postgresql.JSONB, nullable=False, server_default="{}"),
    sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"]),
    sa.Index("ix_audit_tenant_id_id", "tenant_id", "id"),
)
