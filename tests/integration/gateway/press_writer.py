"""Keeps presses and fixes in an outbox as fast as it can and prints each press once it is confirmed. Made to be killed."""

import datetime as dt
import sys
import time
from pathlib import Path

from domain import geo, telemetry
from gateway import outbox, outbox_bounds
from tests import presses


def main(path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    box = outbox.Outbox(path, now=now, bounds=outbox_bounds.Bounds(most_fixes=100_000))
    number = time.monotonic_ns()  # another run's numbers would be repeats
    while True:
        number += 1
        box.add_fixes(
            [telemetry.Fix(time=now + dt.timedelta(seconds=number % 1_000_000), position=geo.Position(1.0, 2.0))],
        )
        kept = box.add_press(presses.unnumbered(now), number=number)
        box.write_fixes(now_s=float(number), now=now)
        assert box.write_presses(now_s=float(number)) == [kept.press.seq]
        sys.stdout.write(f"{kept.press.id} {kept.press.seq} {box.newest_fix_seq}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
