import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from stack import processes

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(99)"


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "99"], env={"MARK": "yes"}) as process:
        while not processes.command(process.pid):
            time.sleep(0.01)  # for a moment of its exec it has none
        yield process
        process.kill()


def test_a_process_is_known_by_more_than_its_number(sleeper: subprocess.Popen[bytes]) -> None:
    known = processes.of(sleeper.pid)
    assert known is not None
    assert known.is_alive()
    later = processes.Identity(pid=known.pid, started_ticks=known.started_ticks + 1, boot=known.boot)
    other_boot = processes.Identity(pid=known.pid, started_ticks=known.started_ticks, boot="another")
    assert not later.is_alive()
    assert not other_boot.is_alive()


def test_a_process_that_has_ended_is_not_alive_even_before_its_parent_asks(sleeper: subprocess.Popen[bytes]) -> None:
    known = processes.of(sleeper.pid)
    assert known is not None
    os.kill(sleeper.pid, signal.SIGKILL)
    assert processes.wait_gone(known, limit_s=10)
    assert processes.of(sleeper.pid) is None


def test_a_process_is_found_by_its_command_and_its_environment(sleeper: subprocess.Popen[bytes]) -> None:
    assert processes.command(sleeper.pid) == ("sleep", "99")
    assert processes.environment(sleeper.pid) == ("MARK=yes",)
    found = processes.find(lambda pid: "MARK=yes" in processes.environment(pid))
    assert sleeper.pid in {process.pid for process in found}
    assert sleeper.pid in {process.pid for process in processes.children(os.getpid())}
    assert processes.parent(sleeper.pid) == os.getpid()


def test_this_process_never_finds_itself() -> None:
    assert os.getpid() not in {process.pid for process in processes.find(lambda _pid: True)}


def test_a_number_without_a_process_tells_nothing() -> None:
    pid = 2**22 + 1  # past the highest that Linux gives out
    assert processes.of(pid) is None
    assert processes.command(pid) == ()
    assert processes.parent(pid) is None


def test_who_ends_when_asked_is_not_forced(sleeper: subprocess.Popen[bytes]) -> None:
    known = processes.of(sleeper.pid)
    assert known is not None
    assert not processes.end(known, signal.SIGTERM, limit_s=10)
    assert sleeper.wait() == -signal.SIGTERM


def test_who_does_not_end_when_asked_is_forced() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        known = processes.of(process.pid)
        assert known is not None
        assert processes.end(known, signal.SIGTERM, limit_s=0.3)
        assert process.wait() == -signal.SIGKILL
