"""Up and down of the stack of this checkout."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from stack import (
    account,
    addresses,
    children,
    engine,
    engine_fetch,
    errors,
    keys,
    orphans,
    processes,
    server,
    settings,
    state,
    supervisor,
)

_UP_LIMIT_S, _DOWN_LIMIT_S = 300.0, 120.0
_POLL_S = 0.1


def up(
    choice: settings.Settings,
    parts: list[children.Part],
    *,
    say: supervisor.Say,
    get_engine: Callable[[settings.Settings], engine.Engine],
    get_web_files: Callable[[settings.Settings], Mapping[str, str]],
    is_up: Callable[[], None],
) -> None:
    """Run the stack until it is asked to stop; `is_up` is called once everything is.

    Raises:
        StackError: it is up already, or can't be brought up.
    """
    known = keys.load(choice.data_dir)
    choice = children.without_own_address(choice, known)
    with supervisor.sole(choice.data_dir):
        programs = get_engine(choice)
        _clear(choice, say)
        web_files = get_web_files(choice) if not parts or children.Part.WEB in parts else {}
        known = keys.ensure(
            choice.data_dir,
            postgres_port=choice.postgres_port,
            broker_port=choice.broker_port,
            web_port=choice.web_port,
        )
        parts_by_name = children.chosen(children.table(choice, programs, known, web_files), parts)
        run = supervisor.Supervisor(choice, parts_by_name, addresses.of(known, choice))
        with supervisor.stopped_by_signals(run):
            run.run(say, is_up)


def up_detached(choice: settings.Settings, parts: list[children.Part]) -> None:
    """Start a supervisor in the background and wait until everything is up; harmless if it is already.

    Raises:
        StackError: it didn't come up; the message ends with the log's last lines.
    """
    if supervisor.at_work(choice.data_dir) is None:
        log = supervisor_log(choice)
        account.reachable_folder(log.parent)
        command = [sys.executable, "-m", "stack", "up", *(f"--only={part}" for part in parts)]
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                cwd=settings.CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _wait_up(choice, lambda: process.poll() is None)
    else:
        _wait_up(choice, lambda: supervisor.at_work(choice.data_dir) is not None)


def _wait_up(choice: settings.Settings, is_alive: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _UP_LIMIT_S
    while True:
        found = state.read(choice.state_dir)
        if found and found.is_up and found.supervisor == supervisor.at_work(choice.data_dir):
            return
        if not is_alive():
            raise errors.StackError(f"the stack didn't come up:\n{server.tail(supervisor_log(choice))}")
        if time.monotonic() > deadline:
            raise errors.StackError(f"the stack isn't up after {_UP_LIMIT_S:g} s; see {supervisor_log(choice)}")
        time.sleep(_POLL_S)


def down(choice: settings.Settings, say: supervisor.Say, *, purge: bool) -> None:
    """Stop the stack, or what is left of it; with `purge` forget its data as well.

    Raises:
        StackError: it doesn't stop.
    """
    running = supervisor.at_work(choice.data_dir)
    if running is not None:
        processes.end(running, signal.SIGTERM, limit_s=_DOWN_LIMIT_S)
    elif not choice.data_dir.exists():
        say("nothing is up")
        return
    with supervisor.sole(choice.data_dir):
        _clear(choice, say)
        orphans.stop_companions(choice.data_dir, say)
    say("the stack is down")
    if purge:
        shutil.rmtree(choice.data_dir)
        say(f"its data is gone ({choice.data_dir})")


def supervisor_log(choice: settings.Settings) -> Path:
    """Return where a supervisor in the background writes."""
    return choice.data_dir / "supervisor.log"


def _clear(choice: settings.Settings, say: supervisor.Say) -> None:
    """Stop what a killed supervisor has left. By its commands it is found, whatever became of the engine."""
    known = keys.load(choice.data_dir)
    if known is not None:
        programs = engine.private(engine_fetch.tree(choice))
        orphans.stop(children.table(choice, programs, known).values(), say)
    state.forget(choice.state_dir)
