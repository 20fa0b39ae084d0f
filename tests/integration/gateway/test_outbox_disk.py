"""An outbox on a real small disk that fills up, and on one that turns read-only, as worn SD cards do."""

import datetime as dt
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain import geo, telemetry
from gateway import outbox, outbox_bounds
from tests import presses

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or mount("-t", "tmpfs", "-o", "size=1m", "none", str(folder)) != 0:
        pytest.skip("mounting a small disk needs root and the right to mount")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def box(small_disk: Path) -> Iterator[outbox.Outbox]:
    box = outbox.Outbox(small_disk / "outbox.db", now=NOW, bounds=outbox_bounds.USUAL)
    yield box
    box.close()


def fixes(start: int, count: int) -> list[telemetry.Fix]:
    return [
        telemetry.Fix(time=NOW + dt.timedelta(seconds=start + each), position=geo.Position(48.5, 2.25))
        for each in range(count)
    ]


def press(box: outbox.Outbox, number: int) -> int:
    return box.add_press(presses.unnumbered(NOW), number=number).press.seq


def write(box: outbox.Outbox, now_s: float) -> list[int]:
    durable = box.write_presses(now_s=now_s)
    box.write_fixes(now_s=now_s, now=NOW)
    return durable


def times(box: outbox.Outbox) -> list[dt.datetime]:
    found = box.fixes_between(after=-1, upto=2**62, limit=100_000)
    assert found is not None
    return [item.fix.time for item in found]


def test_a_disk_that_fills_up_is_said_and_costs_nothing(small_disk: Path, box: outbox.Outbox) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * 700_000)
    for second in range(0, 4_000, 100):
        box.add_fixes(fixes(second, 100))
        write(box, now_s=float(second))
    first = press(box, 1)
    durable = write(box, now_s=4_000.0)
    trouble = box.trouble
    ballast.unlink()
    later = write(box, now_s=5_000.0)

    assert trouble is not None
    assert "full" in trouble
    assert (durable, later) == ([], [first])
    assert box.trouble is None
    assert times(box) == [each.time for each in fixes(0, 4_000)]


def test_a_disk_that_turns_read_only_is_said_and_costs_nothing(small_disk: Path, box: outbox.Outbox) -> None:
    box.add_fixes(fixes(0, 100))
    first = press(box, 1)
    told = write(box, now_s=0.0)
    # Read-only for those who open a file anew; the open one must go first.
    box.close()
    assert mount("-o", "remount,ro", str(small_disk)) == 0
    again = outbox.Outbox(small_disk / "outbox.db", now=NOW, bounds=outbox_bounds.USUAL)
    again.add_fixes(fixes(100, 100))
    second = press(again, 2)
    durable = write(again, now_s=10.0)
    trouble, waiting = again.trouble, [seq for seq, _ in again.presses()]
    assert mount("-o", "remount,rw", str(small_disk)) == 0
    later = write(again, now_s=20.0)

    assert told == [first]
    assert trouble is not None
    assert waiting == [second]
    assert (durable, later) == ([], [second])
    assert again.trouble is None
    assert times(again) == [each.time for each in fixes(0, 200)]
    assert {seq for seq, _ in again.presses()} == {first, second}
    again.close()
