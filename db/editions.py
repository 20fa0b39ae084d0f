"""TimescaleDB's two editions: one schema, and policies where the licence has them (docs/database.md)."""

import enum
import logging

import sqlalchemy as sa

from db import queries

_log = logging.getLogger(__name__)

COMPRESS_AFTER_DAYS = 14
"""Late fixes come for so long; compressed chunks take them too, but slowly."""


class Edition(enum.StrEnum):
    """What `timescaledb.license` says."""

    APACHE = "apache"  # hypertables, time_bucket, drop_chunks
    COMMUNITY = "timescale"  # compression and policies as well


def of(connection: sa.Connection) -> Edition:
    """The edition that this server runs."""
    return Edition(connection.exec_driver_sql("SHOW timescaledb.license").scalar_one())


def apply_policies(connection: sa.Connection, *, keep_fixes_days: int | None) -> None:
    """Let TimescaleDB's own jobs compress and drop old chunks; call it after each migration, it replaces what stood."""
    if of(connection) is Edition.APACHE:
        if keep_fixes_days is not None:
            _log.warning("this edition of TimescaleDB drops nothing by itself: DB_KEEP_FIXES_DAYS has no effect")
        return
    # Not twice: chunks that are compressed already have their layout.
    if not connection.exec_driver_sql(queries.get("is_compression_enabled")).scalar_one():
        connection.exec_driver_sql(queries.get("enable_compression"))
    connection.exec_driver_sql(queries.get("compress_old_fixes"), {"after_days": COMPRESS_AFTER_DAYS})
    for name in ("keep_all_fixes", "keep_all_checkpoints"):
        connection.exec_driver_sql(queries.get(name))
    if keep_fixes_days is not None:
        for name in ("drop_old_fixes", "drop_old_checkpoints"):
            connection.exec_driver_sql(queries.get(name), {"after_days": keep_fixes_days})
    connection.commit()
