"""The running stack of this checkout, for commands that want to use it: where it is, and a way in for more devices."""

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from stack import broker, broker_users, errors, settings, state

_ADMIT_LIMIT_S = 10.0
_POLL_S = 0.05


def current(choice: settings.Settings) -> state.State:
    """Return the running stack.

    Raises:
        StackError: it isn't up.
    """
    found = state.read(choice.state_dir)
    if found is None or not found.supervisor.is_alive() or not found.is_up:
        raise errors.StackError("the stack is not up (`python -m stack up --detach` starts it)")
    return found


def admit(stack: state.State, users: Mapping[str, str]) -> None:
    """Let users into the broker (name → password; a device's name is `{tenant}/{device}`); they can connect on return.

    Raises:
        StackError: a name can't be a user, or the broker isn't running.
    """
    service = next((each for each in stack.services if each.name == broker.NAME), None)
    if service is None or service.pid is None or service.port is None:
        raise errors.StackError("the stack's broker is not running")
    broker_users.PasswordFile(path=Path(stack.data_dir) / broker.FOLDER / broker.PASSWORDS).set(dict(users))
    os.kill(service.pid, signal.SIGHUP)
    deadline = time.monotonic() + _ADMIT_LIMIT_S
    for user, password in users.items():
        while not broker.answers(service.port, user=user, password=password):
            if time.monotonic() > deadline:
                raise errors.StackError(f"the broker doesn't let the new user {user!r} in")
            time.sleep(_POLL_S)
