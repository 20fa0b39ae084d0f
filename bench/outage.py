"""`python -m bench.outage`: three days without a network in fast time, a kill -9 every few minutes of them, then the broker.

Four receivers at 1 Hz and a fob on pseudo-terminals, a real `python -m gateway run`; after the outage the real broker, ingest
and database. What the outbox held when the network came back is what must arrive: presses once and first, fixes once.
"""

import argparse
import contextlib
import datetime as dt
import json
import socket
import sqlite3
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import edge, stage
from gateway import sentence

RECEIVERS = 4
_DRAIN_FIXES_PER_S = 5_000
_PRESS_LIMIT_S, _AGAIN_S, _DRAIN_LIMIT_S = 60.0, 2.0, 600.0
_TOLD_EVERY_S = 6 * 3_600  # of the outage's own time
_EPOCHS_A_WRITE = 10  # of each receiver: what is written in one go fits into a line's buffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An outage, in its own time."""

    hours: float = 72.0
    presses: int = 40
    kill_every_min: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the outbox held at the end of the outage."""

    fixes: list[dt.datetime]
    presses: set[uuid.UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of it."""

    epochs: int
    kills: int
    told: int  #: presses that their fobs were told RECEIVED
    kept_presses: int
    stored_presses: int
    presses_twice: int
    fixes_before_last_press: int  #: that went out before the last press did
    kept_fixes: int
    stored_fixes: int
    fixes_twice: int
    missing: int  #: fixes and presses that were kept and are not stored
    feed_s: float
    drain_s: float

    @property
    def held(self) -> bool:
        """Nothing was lost, doubled or late."""
        everything_once = self.missing == self.presses_twice == self.fixes_twice == self.fixes_before_last_press == 0
        return everything_once and self.told == self.kept_presses == self.stored_presses and self.kept_fixes > 0

    @property
    def words(self) -> str:
        """In one line."""
        return (
            f"{self.epochs:,} epochs of {RECEIVERS} receivers, {self.kills} kills; {self.told} presses told RECEIVED, "
            f"{self.stored_presses} stored, {self.presses_twice} twice, {self.fixes_before_last_press} fixes before the last "
            f"of them; {self.kept_fixes:,} fixes kept ({self.epochs - self.kept_fixes:,} epochs were still being read at a "
            f"kill), {self.stored_fixes:,} stored, {self.fixes_twice} twice, {self.missing} rows missing; fed in "
            f"{self.feed_s:.0f} s, drained in {self.drain_s:.0f} s"
        )


def run(plan: Plan) -> Result:
    """Play it."""
    with (
        stage.running(devices_count=1, fences=10) as ground,
        edge.registered(ground, lines=RECEIVERS, more=f"[outbox]\nbacklog_fixes_per_s = {_DRAIN_FIXES_PER_S}\n") as box,
    ):
        began_s = time.monotonic()
        epochs, kills, told = _outage(box, plan)
        fed_s = time.monotonic()
        held = _held(box.state / "outbox.db")
        with ground.ingest():
            watcher = edge.Observer(ground)
            box.start(ground.broker.port)
            _drain(box)
            watcher.close()
        drained_s = time.monotonic()
        box.stop()
        fixes, presses = _stored(ground)
        return Result(
            epochs=epochs,
            kills=kills,
            told=told,
            kept_presses=len(held.presses),
            stored_presses=len(presses),
            presses_twice=len(presses) - len(set(presses)),
            fixes_before_last_press=max(watcher.fixes_before_press.values(), default=0),
            kept_fixes=len(held.fixes),
            stored_fixes=len(fixes),
            fixes_twice=len(fixes) - len(set(fixes)),
            missing=len(set(held.fixes) - set(fixes)) + len(held.presses - set(presses)),
            feed_s=fed_s - began_s,
            drain_s=drained_s - fed_s,
        )


def _outage(box: edge.Edge, plan: Plan) -> tuple[int, int, int]:
    """Feed it without a broker; epochs, kills, and how many fobs were told RECEIVED."""
    nowhere = _unused_port()
    seconds = round(plan.hours * 3_600)
    first = dt.datetime.now(dt.UTC).replace(microsecond=0) - dt.timedelta(seconds=seconds + 600)
    press_every, kill_every = seconds // plan.presses, round(plan.kill_every_min * 60)
    told = kills = 0
    box.start(nowhere)
    for start in range(0, seconds, _EPOCHS_A_WRITE):
        chunk = b"".join(_epoch(first + dt.timedelta(seconds=start + each)) for each in range(_EPOCHS_A_WRITE))
        for number in range(RECEIVERS):
            box.write(number, chunk)
        is_kill = _passes(start, kill_every)
        if _passes(start, _TOLD_EVERY_S):
            print(f"{start // 3_600} of {plan.hours:g} h, {kills} kills, {told} presses", file=sys.stderr, flush=True)
        if _passes(start + press_every // 2, press_every) and told < plan.presses:
            told += _pressed(box, told, nowhere, kills_too=is_kill)
            kills += is_kill
        elif is_kill:
            box.wait_until_read()
            box.kill()
            kills += 1
            box.start(nowhere)
    box.wait_until_read()
    box.kill()
    return seconds, kills + 1, told


def _passes(start: int, every: int) -> bool:
    return start // every != (start + _EPOCHS_A_WRITE) // every


def _pressed(box: edge.Edge, number: int, port: int, *, kills_too: bool) -> bool:
    """Press as a fob does: again and again until RECEIVED is heard. A kill comes between the first press and its answer."""
    body = f"PDOP,PRESS,FOB-{number:03d},{number},80,-60"
    deadline_s = time.monotonic() + _PRESS_LIMIT_S
    box.wait_until_read()
    box.write(0, sentence.encode(body))
    if kills_too:
        box.kill()
        box.start(port)
    again_s = time.monotonic() + _AGAIN_S
    while time.monotonic() < deadline_s:
        if f"PDOP,ACK,FOB-{number:03d},{number},RECEIVED" in box.told(0):
            return True
        if time.monotonic() > again_s:
            box.write(0, sentence.encode(body))
            again_s = time.monotonic() + _AGAIN_S
        time.sleep(0.005)
    return False


def _drain(box: edge.Edge) -> None:
    deadline_s = time.monotonic() + _DRAIN_LIMIT_S
    while (backlog := box.status().get("status", box.status()).get("backlog")) != 0:
        if time.monotonic() > deadline_s:
            raise RuntimeError(f"{backlog} rows still wait:\n{box.log.read_text()[-3_000:]}")
        time.sleep(0.25)


def _held(path: Path) -> Held:
    with contextlib.closing(sqlite3.connect(path)) as outbox:
        fixes = [json.loads(body)["t"] for (body,) in outbox.execute("SELECT body FROM fix ORDER BY seq")]
        presses = {uuid.UUID(json.loads(body)["id"]) for (body,) in outbox.execute("SELECT body FROM press")}
    return Held(fixes=[dt.datetime.fromisoformat(text) for text in fixes], presses=presses)


def _stored(ground: stage.Stage) -> tuple[list[dt.datetime], list[uuid.UUID]]:
    with psycopg.connect(ground.owner_dsn) as connection:
        fixes = [row[0] for row in connection.execute("SELECT time FROM fix").fetchall()]
        presses = [row[0] for row in connection.execute("SELECT id FROM press").fetchall()]
    return fixes, presses


def _epoch(time_of_fix: dt.datetime) -> bytes:
    stamp = f"{time_of_fix:%H%M%S}.00"
    place = f"60{10 + time_of_fix.minute // 10:02d}.{time_of_fix.second:02d}00,N,02456.{time_of_fix.minute:02d}00,E"
    return b"".join(
        sentence.encode(body)
        for body in (
            f"GPGGA,{stamp},{place},1,09,0.9,35.2,M,47.0,M,,",
            f"GPRMC,{stamp},A,{place},10.0,90.0,{time_of_fix:%d%m%y},,,A",
        )
    )


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def main() -> None:
    """Run it alone; exit code 1 where something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.outage", description=__doc__)
    parser.add_argument(
        "--hours", type=float, default=Plan().hours, help="how long the outage lasts in its own time (72)"
    )
    parser.add_argument("--presses", type=int, default=Plan().presses, help="presses during it (40)")
    parser.add_argument("--kill-every-min", type=float, default=Plan().kill_every_min, help="kill -9 each so often (5)")
    chosen = parser.parse_args()
    result = run(Plan(hours=chosen.hours, presses=chosen.presses, kill_every_min=chosen.kill_every_min))
    print(result.words)
    sys.exit(not result.held)


if __name__ == "__main__":
    main()
