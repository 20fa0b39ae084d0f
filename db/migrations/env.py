"""Run by Alembic; the connection and the options come from db.migrate, there is no alembic.ini."""

from alembic import context
from geoalchemy2 import alembic_helpers

from db import migrate, tables

config = context.config


def run() -> None:
    """Migrate over the connection given, in one transaction: all the steps or none."""
    context.configure(
        connection=config.attributes["connection"],
        target_metadata=tables.metadata,
        compare_type=True,
        compare_server_default=True,
        include_object=migrate.is_ours,
        render_item=alembic_helpers.render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
