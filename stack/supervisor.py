"""Brings the children up in order, keeps them up, and takes them down in the opposite order."""

import contextlib
import fcntl
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from stack import account, addresses, children, errors, processes, server, settings, state, watch

Say = Callable[[str], None]

LOCK = "supervisor.lock"
_BEAT_S = 0.1
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Owns the children of one stack from start to stop. One thread; everything happens in `run`."""

    def __init__(
        self, choice: settings.Settings, parts: Mapping[children.Part, children.Child], places: addresses.Addresses
    ) -> None:
        self._choice, self._places = choice, places
        self._watches = [watch.Watch(child) for child in parts.values()]
        self._stopping = threading.Event()
        self._is_up = False

    def stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler."""
        self._stopping.set()

    def run(self, say: Say, is_up: Callable[[], None]) -> None:
        """Start, watch and finally stop the children; `is_up` is called once all have started.

        Raises:
            ServerFailedError: a child couldn't be brought up; everything else has been stopped again.
        """
        try:
            while not self._stopping.is_set():
                self._beat(say)
                if not self._is_up and all(_is_settled(each) for each in self._watches):
                    self._is_up = True
                    self._write()
                    is_up()
                self._stopping.wait(_BEAT_S)
        finally:
            self._take_down(say)

    def _beat(self, say: Say) -> None:
        for each in self._watches:
            now_s = time.monotonic()
            before = each.phase
            said = each.launch(now_s) if each.phase is watch.Phase.IDLE else each.tick(now_s)
            if each.phase is not before:
                self._write()
            if each.phase is watch.Phase.FAILED:
                raise errors.ServerFailedError(f"{said}. The end of {_log(each)}:\n{server.tail(_log(each))}")
            if said:
                say(said)
            if not self._is_up and not _is_settled(each):
                return  # what comes later needs this one

    def _take_down(self, say: Say) -> None:
        for each in reversed(self._watches):
            if each.child.is_running():
                each.child.stop()
                # The terminal may be closed; what is still running must be stopped all the same.
                with contextlib.suppress(OSError):
                    say(f"{each.child.name} is stopped")
        state.forget(self._choice.state_dir)

    def _write(self) -> None:
        state.write(
            self._choice.state_dir,
            state.State(
                supervisor=_this_process(),
                is_up=self._is_up,
                data_dir=str(self._choice.data_dir),
                services=tuple(_describe(each) for each in self._watches),
                addresses=self._places,
            ),
        )


def _this_process() -> processes.Identity:
    own = processes.of(os.getpid())
    assert own is not None
    return own


def _is_settled(each: watch.Watch) -> bool:
    return each.phase in {watch.Phase.RUNNING, watch.Phase.DONE, watch.Phase.BACKING_OFF}


def _log(each: watch.Watch) -> Path:
    return each.child.process.log


def _describe(each: watch.Watch) -> state.Service:
    child = each.child
    return state.Service(
        name=child.name,
        phase=each.phase,
        pid=child.process.pid if child.is_running() else None,
        port=child.port or None,
        restarts=each.restarts,
        log=str(_log(each)),
    )


@contextmanager
def stopped_by_signals(supervisor: Supervisor) -> Iterator[None]:
    """Let Ctrl-C and `kill` end the supervisor in order for as long as the block runs."""
    before = {sign: signal.signal(sign, lambda *_: supervisor.stop()) for sign in _STOP_SIGNALS}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


@contextmanager
def sole(folder: Path) -> Iterator[None]:
    """Be the only supervisor of a data folder; the right is gone with the process, however that ends.

    Raises:
        StackError: another supervisor is at work.
    """
    account.reachable_folder(folder)
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.StackError("the stack of this checkout is up already, or just about to be") from None
        lock.truncate(0)
        json.dump(asdict(_this_process()), lock)
        lock.flush()
        yield


def at_work(folder: Path) -> processes.Identity | None:
    """Return the supervisor of a data folder, if one lives."""
    try:
        with (folder / LOCK).open() as lock:
            # Read before the try: whoever holds the lock has written, or is just about to.
            written = lock.read()
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                found = processes.Identity(**json.loads(written)) if written else None
                return found if found and found.is_alive() else None
    except FileNotFoundError:
        pass
    return None
