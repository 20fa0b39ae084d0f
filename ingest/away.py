"""Which errors say that the database is away, and which that something in a batch is at fault."""

import psycopg

_STATES = (
    "08",  # the connection is lost
    "57",  # the server ends, starts or has crashed, or a statement was cancelled
    "53300",  # it takes no more connections
    "53100",  # its disk is full
    "25006",  # it is read-only: a standby, or one that was one
    "25P03",  # it has heard nothing of us for too long
    "40",  # a deadlock: the same again goes through
    "42",  # a table or a right is missing: our statements are fixed, so no payload is at fault
)
"""Beginnings of the SQLSTATEs that say nothing of what is written. All others do: the payload at fault is found."""


def is_away(error: psycopg.Error) -> bool:
    """Whether the database can't work at all; without a SQLSTATE it wasn't the server that spoke."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate.startswith(_STATES)
