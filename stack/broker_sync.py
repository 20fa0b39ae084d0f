"""Keeps the broker's password file in step with the database: devices get in, and are put out, without a restart."""

import contextlib
import itertools
import logging
import os
import signal
import time
from pathlib import Path

import psycopg

from db import device_codes, engine, notices
from stack import account, broker_users, processes

#: A notice brings a change at once; this is for one that was missed.
_LOOK_AGAIN_S, _RETRY_S = 5.0, 2.0
_log = logging.getLogger(__name__)


def once(dsn: str, file: Path, configuration: Path | None) -> bool:
    """Write what has changed, tell the broker that runs on this configuration, and tell whether anything had changed.

    Raises:
        psycopg.Error: the database can't be read.
        StackError: a name can't be a broker user.
    """
    hashes = _hashes(dsn)
    users = broker_users.PasswordFile(path=file, owner=account.of_file(file))
    if not users.sync(hashes):
        return False
    if configuration is not None:
        _tell(configuration)
    _log.info("the broker's users have changed: %d devices of the database", len(hashes))
    return True


def is_in_step(dsn: str, file: Path) -> bool:
    """Tell whether the file has the users of the database.

    Raises:
        psycopg.Error: the database can't be read.
    """
    return broker_users.PasswordFile(path=file, owner=account.of_this_process()).is_in_step(_hashes(dsn))


def watch(dsn: str, file: Path, configuration: Path | None) -> None:
    """Do so for ever, at each notice; an absent database is waited for."""
    if configuration is not None:
        _tell(configuration)  # whoever did this before us may have ended between the file and the signal
    while True:
        try:
            with notices.Notices(dsn, (notices.BROKER_USERS, notices.REGISTRY)) as heard:
                while True:
                    once(dsn, file, configuration)
                    heard.wait(_LOOK_AGAIN_S)
        except psycopg.Error as error:
            _log.warning("the broker's users can't be read from the database: %s", error)
            time.sleep(_RETRY_S)


def _tell(configuration: Path) -> None:
    """SIGHUP to whatever broker runs on this file; one that is down reads its users when it starts."""
    wanted = ("-c", str(configuration))
    for process in processes.find(lambda pid: wanted in itertools.pairwise(processes.command(pid))):
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(process.pid, signal.SIGHUP)


def _hashes(dsn: str) -> dict[str, str | None]:
    with engine.open_connection(dsn, application_name="driveops broker users") as connection:
        return device_codes.broker_users(connection)
