"""One-time codes of devices, and their passwords at the broker."""

import sqlalchemy as sa
from alembic import op

from db import roles
from db.migrations import protection

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_USE = "use_device_code(bytea, timestamptz, text)"
# The device's row is locked first, so of two codes used at once for one device the later password stands. A used code ends the
# device's other codes, which may have been printed for a box that is lost; only the one that was used says so.
_USE_STATEMENT = """
CREATE FUNCTION auth.use_device_code(code bytea, at timestamptz, password_hash text)
RETURNS TABLE (tenant_slug text, device_name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    whose integer;
BEGIN
    PERFORM 1 FROM device_code AS c JOIN device AS d ON d.tenant_id = c.tenant_id AND d.id = c.device_id
    WHERE c.code_sha256 = code FOR NO KEY UPDATE OF d;
    UPDATE device_code AS c SET used_at = at
    FROM device AS d
    WHERE c.code_sha256 = code AND c.used_at IS NULL AND c.expires_at > at
        AND d.tenant_id = c.tenant_id AND d.id = c.device_id AND d.retired_at IS NULL
    RETURNING c.device_id INTO whose;
    IF whose IS NULL THEN
        RETURN;
    END IF;
    UPDATE device_code AS c SET expires_at = at WHERE c.device_id = whose AND c.used_at IS NULL AND c.expires_at > at;
    INSERT INTO device_password AS p (tenant_id, device_id, hash, set_at)
    SELECT d.tenant_id, d.id, password_hash, at FROM device AS d WHERE d.id = whose
    ON CONFLICT (device_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at;
    RETURN QUERY SELECT t.slug, d.name FROM device AS d JOIN tenant AS t ON t.id = d.tenant_id WHERE d.id = whose;
END
$$"""


def upgrade() -> None:
    """Make it."""
    protection.act_as_owner()
    op.create_table(
        "device_code",
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False, comment="the administrator's account on the machine"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        _device("device_code"),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_device_code")),
    )
    op.create_table(
        "device_password",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False, comment="as Mosquitto keeps it: $7$, PBKDF2 with SHA-512"),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        _device("device_password"),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_password")),
    )
    protection.protect("device_code", web="", backend="")
    # Read by what keeps the broker's password file.
    protection.protect("device_password", web="", backend="SELECT")
    op.execute(sa.text(_USE_STATEMENT.replace(":", r"\:")))
    op.execute(f"GRANT EXECUTE ON FUNCTION auth.{_USE} TO {roles.AUTH}")
    protection.notify_changes("device_password", channel="broker_users")


def downgrade() -> None:
    """Take it back."""
    op.execute(f"DROP FUNCTION auth.{_USE}")
    op.drop_table("device_password")
    op.drop_table("device_code")


def _device(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "device_id"],
        ["device.tenant_id", "device.id"],
        name=op.f(f"fk_{table}_tenant_id_device_id_device"),
    )
