"""What devices prove themselves with: one-time codes and the broker's passwords; of every secret the digest alone."""

import sqlalchemy as sa

from db.tables.metadata import Instant, created_at, metadata, tenant_id

device_code = sa.Table(
    "device_code",
    metadata,
    sa.Column("code_sha256", sa.LargeBinary, primary_key=True),
    tenant_id(),
    sa.Column("device_id", sa.Integer, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False, comment="the administrator's account on the machine"),
    created_at(),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
)

device_password = sa.Table(
    "device_password",
    metadata,
    tenant_id(),
    sa.Column("device_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.Text, nullable=False, comment="as Mosquitto keeps it: $7$, PBKDF2 with SHA-512"),
    sa.Column("set_at", Instant, nullable=False),
    sa.ForeignKeyConstraint(["tenant_id", "device_id"], ["device.tenant_id", "device.id"]),
)
