"""The disk stands still: another process holds the outbox's file locked, and is stopped itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends
from tests.integration.gateway.ends import eventually

_HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def a_stalled_disk(path: Path) -> Iterator[None]:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        os.kill(holder.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            holder.kill()


def test_presses_and_new_fixes_are_sent_while_the_disk_stalls_and_received_is_told_once_it_answers(
    box: ends.Box, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    line.second("101112.00")
    eventually(lambda: len(server.fixes) == 1, "the fix arrives")
    server.acknowledges = False

    with a_stalled_disk(tmp_path / "state" / "outbox.db"):
        line.second("101113.00")
        line.say("PDOP,PRESS,F1,7,83,-61")
        line.second("101114.00")
        eventually(lambda: len(server.presses) == 1, "the press is published")
        eventually(lambda: len(server.times()) == 3, "new fixes are published")
        eventually(lambda: "is locked" in box.status().stdout + box.log(), "it is said that the disk is of no use")
        assert line.told() == []

    eventually(lambda: line.told() == ["PDOP,ACK,F1,7,RECEIVED"], "the fob is told once the press is on the disk")
    assert box.stop() == 0
    assert "3 rows wait in the outbox" in box.log()


def test_a_press_that_the_server_acknowledges_while_the_disk_stalls_is_told_received(
    box: ends.Box, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    line.second("101112.00")
    eventually(lambda: len(server.fixes) == 1, "the fix arrives")

    with a_stalled_disk(tmp_path / "state" / "outbox.db"):
        line.say("PDOP,PRESS,F1,7,83,-61")
        eventually(lambda: line.told() == ["PDOP,ACK,F1,7,RECEIVED"], "the fob is told by the acknowledgement")

    eventually(lambda: "backlog   0 rows" in box.status().stdout, "the outbox is empty")
    assert box.stop() == 0
    assert "everything is acknowledged" in box.log()
    assert len(server.presses) == 1


def test_a_press_that_neither_disk_nor_server_has_taken_is_told_as_lost_at_the_stop(
    make_box: Callable[..., ends.Box], line: ends.Line, broker: RunningBroker, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    box = make_box(line)
    broker.kill()
    box.start()
    box.says("is open at")
    line.say("PDOP,PRESS,F1,7,83,-61")
    box.says("button of fob F1: press")

    assert box.stop() == 0
    assert "what the disk has not taken is lost now" in box.log()
    assert line.told() == []
