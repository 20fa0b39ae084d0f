"""`python -m bench.crashes`: kill -9 of ingest, PostgreSQL or Mosquitto at random moments under load, round after round.

Everything that the devices have sent must be a row once in the end, and every press an alert once.
"""

import argparse
import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from bench import keeping_fleet, load, stage
from stack import broker_config, errors

DEVICES, FIXES = 40, 5
_BETWEEN_S = (1.0, 5.0)
_DOWN_S = (0.0, 1.5)
_FINISH_LIMIT_S = 180.0
_START_TRIES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was sent, and what is there."""

    kills: Counter[str]
    sent: int
    stored: int
    twice: int
    unacknowledged: int
    presses: int
    press_rows: int
    alerts: int
    alerts_twice: int
    rejects: int

    @property
    def held(self) -> bool:
        """Whether everything is there once."""
        return (
            self.stored == self.sent
            and self.press_rows == self.alerts == self.presses
            and not (self.twice or self.alerts_twice or self.unacknowledged or self.rejects)
        )

    @property
    def words(self) -> str:
        """In a line."""
        kills = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        return (
            f"kill -9 under load: {kills}; {self.sent:,} fixes sent, {self.stored:,} stored, {self.twice} twice; "
            f"{self.presses} presses sent, {self.alerts} alerts, {self.alerts_twice} twice; "
            f"{self.unacknowledged} messages not acknowledged, {self.rejects} rejects"
        )


class _Ingest:
    """The process that is killed, and started again."""

    def __init__(self, ground: stage.Stage) -> None:
        self._ground = ground
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        ground = self._ground
        env = {
            **os.environ,
            "INGEST_DATABASE_URL": ground.backend_dsn,
            "INGEST_MQTT_URL": ground.broker.url(broker_config.INGEST, ground.passwords[broker_config.INGEST]),
            "INGEST_ACK_INTERVAL_S": "1",
        }
        with (ground.folder / "ingest.log").open("ab") as log:
            self._process = subprocess.Popen([sys.executable, "-m", "ingest", "run"], env=env, stdout=log, stderr=log)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


def run(rounds: int, seed: int, tell: Callable[[str], None] = lambda _: None) -> Result:
    """Kill one of the three each round; the seed chooses which and when."""
    chance, kills = random.Random(seed), Counter[str]()
    with stage.running(devices_count=DEVICES, fences=100) as ground:
        ingest = _Ingest(ground)
        ingest.start()
        parts: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "ingest": (ingest.kill, ingest.start),
            "PostgreSQL": (ground.postgres.kill, ground.postgres.start),
            "Mosquitto": (ground.broker.kill, ground.broker.start),
        }
        try:
            with _fleet(ground) as fleet:
                for number in range(rounds):
                    name = list(parts)[number % len(parts)] if number < len(parts) else chance.choice(list(parts))
                    kill, start = parts[name]
                    time.sleep(chance.uniform(*_BETWEEN_S))
                    kill()
                    kills[name] += 1
                    tell(f"round {number + 1} of {rounds}: {name}, {fleet.rounds} rounds sent, {fleet.kept} kept")
                    time.sleep(chance.uniform(*_DOWN_S))
                    _again(start)
                fleet.finish(_FINISH_LIMIT_S)
                return _count(ground, fleet, kills)
        finally:
            ingest.kill()


@contextlib.contextmanager
def _fleet(ground: stage.Stage) -> Iterator[keeping_fleet.KeepingFleet]:
    with keeping_fleet.KeepingFleet(
        port=ground.broker.port,
        user=broker_config.FLEET,
        password=ground.passwords[broker_config.FLEET],
        tenant=stage.TENANT,
        devices=[load.device_name(number) for number in range(DEVICES)],
        fixes=FIXES,
    ) as fleet:
        yield fleet


def _again(start: Callable[[], None]) -> None:
    """Start a server; the processes of a dead PostgreSQL need a moment to notice."""
    for _ in range(_START_TRIES):
        try:
            start()
        except errors.StackError:
            time.sleep(0.25)
        else:
            return
    start()


def _count(ground: stage.Stage, fleet: keeping_fleet.KeepingFleet, kills: Counter[str]) -> Result:
    with psycopg.connect(ground.owner_dsn) as connection:

        def number(query: str) -> int:
            row: Any = connection.execute(query.encode()).fetchone()
            return int(row[0])

        return Result(
            kills=kills,
            sent=fleet.rounds * FIXES * DEVICES,
            stored=number(f"SELECT count(DISTINCT (device_id, seq)) FROM fix WHERE seq < {fleet.rounds * FIXES}"),
            twice=number("SELECT count(*) - count(DISTINCT (device_id, seq)) FROM fix")
            + number("SELECT coalesce(sum(fixes), 0) FROM activity_hourly")
            - number("SELECT count(*) FROM fix"),
            unacknowledged=fleet.kept,
            presses=len(fleet.presses),
            press_rows=number("SELECT count(*) FROM press"),
            alerts=number("SELECT count(DISTINCT fob) FROM alert WHERE fob LIKE 'CRASH-%'"),
            alerts_twice=number("SELECT count(*) - count(DISTINCT fob) FROM alert"),
            rejects=number("SELECT count(*) FROM reject"),
        )


def main() -> None:
    """Run the rounds; exit code 1 where something is missing or there twice."""
    parser = argparse.ArgumentParser(prog="python -m bench.crashes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="kills (20)")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    result = run(chosen.rounds, chosen.seed, lambda words: print(words, flush=True))
    print(result.words)
    sys.exit(not result.held)


if __name__ == "__main__":
    main()
