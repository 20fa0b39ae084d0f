"""The four roles of a DriveOps database (docs/decisions/0008); they belong to the cluster, its databases share them."""

OWNER = "driveops_owner"
"""Owns every object. Can log in, as TimescaleDB's jobs run as their table's owner, but has no password."""
WEB = "driveops_web"
"""Sees one tenant a transaction: `SET LOCAL app.tenant_id`."""
BACKEND = "driveops_backend"
"""Ingest, escalator, outbox: all tenants."""
AUTH = "driveops_auth"
"""Login and link look-up, through functions of schema `auth` alone."""

LOGINS = (WEB, BACKEND, AUTH)
ALL = (OWNER, *LOGINS)
