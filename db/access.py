"""Passwords of the login roles."""

from collections.abc import Mapping

import psycopg
import sqlalchemy as sa
from psycopg import sql


def set_passwords(connection: sa.Connection, passwords: Mapping[str, str]) -> None:
    """Set passwords by role. The server gets the SCRAM verifier alone, so that no log of its can hold a password."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    for role, password in passwords.items():
        verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier))
        connection.exec_driver_sql(statement.as_string(driver))
    connection.commit()
