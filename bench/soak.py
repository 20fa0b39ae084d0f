"""`python -m bench.soak`: the long runs. Fuzz, kill -9 of every part in rounds, three days offline; writes docs/soak.md."""

import argparse
import contextlib
import datetime as dt
import os
import random
import re
import subprocess
import sys
import time
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import crashes, decoder_noise, outage, results
from bench import fuzz_wire as wire_fuzz
from domain import telemetry
from domain.wire import control, fields, fixes, panic, status
from gateway import nmea
from ingest import fix_decoder

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "docs" / "soak.md"
_CAPTURES = ROOT / "tests" / "data" / "nmea"
_REAL_CAPTURES = ROOT.parent / "shared" / "data" / "gpsd"
_REPLAY_TEST = "tests/integration/gateway/test_replay.py"
_PAYLOAD = (
    b'[{"t":"2026-03-01T12:00:00.250Z","lat":60.17,"lon":24.94,"alt":12.5,"spd":8.3,"crs":271.5,"fix":3,"seq":7}]'
)
_NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
_PROGRESS_EVERY = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report."""

    what: str
    outcome: str
    held: bool


def fuzz_sentences(count: int, seed: int) -> Finding:
    """Feed mutated sentences of the golden captures to one assembler: it never raises, and its memory stays."""
    chance = random.Random(seed)
    lines = [line for path in sorted(_CAPTURES.glob("*.nmea")) for line in path.read_bytes().splitlines(keepends=True)]
    assembler, given = nmea.Assembler(), 0
    tracemalloc.start()
    for number in _counted("sentences", count):
        given += len(assembler.feed(mutated(chance.choice(lines), chance)))
        if number == count // 10:
            tracemalloc.reset_peak()
            settled, _ = tracemalloc.get_traced_memory()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    grown_kb = (peak - settled) / 1024
    outcome = (
        f"{count:,} sentences, no exception, {given:,} fixes, memory grew by {grown_kb:.0f} KB after the first tenth"
    )
    return Finding(what="mutated sentences through the decoder", outcome=outcome, held=grown_kb < 256)


def decoder_findings(count: int, megabytes: int, runs: int, seed: int) -> list[Finding]:
    """What noise, mutations and a search by coverage find: no exception, and no fix without a valid sentence behind it."""
    print(f"noise, {megabytes} MB; mutations checked against a second reading; {runs:,} guided streams …", flush=True)
    outcomes = {
        "noise through the decoder": decoder_noise.noise(megabytes, seed),
        "mutated sentences, each fix traced to its sentence": decoder_noise.mutations(count, seed, mutated),
        "coverage-guided streams (atheris), each fix traced": decoder_noise.guided(runs),
    }
    return [Finding(what=what, outcome=outcome, held=held) for what, (outcome, held) in outcomes.items()]


def fuzz_payloads(count: int, seed: int) -> Finding:
    """Give mutated payloads to every decoder of the wire: nothing but its own error, and the two readers of fixes agree."""
    chance = random.Random(seed)
    press = telemetry.Press(
        id=uuid.UUID(int=1), time=_NOW, clock=telemetry.Clock.GPS, fob="F", kind=telemetry.PressKind.PRESS, seq=1
    )
    seeds: list[tuple[bytes, Callable[[bytes], object]]] = [
        (panic.encode(press), lambda payload: panic.decode(payload, origin="topic", received_at=_NOW)),
        (status.encode(telemetry.Status(time=_NOW, online=True)), status.decode),
        (b'{"lane":"fixes","seq":9,"ranges":[[1,4],[6,9]]}', control.decode_ack),
        (b'{"id":"1","name":"interval","seconds":5}', control.decode_command),
    ]
    disagreements = accepted = 0
    for number in _counted("payloads", count):
        if number % 2:
            payload = mutated(_PAYLOAD, chance)
            plain = _plain_count(payload)
            disagreements += plain != len(fix_decoder.decode([payload]).rows)
            accepted += plain
        else:
            original, decode = chance.choice(seeds)
            with contextlib.suppress(fields.WireError):
                decode(mutated(original, chance))
    outcome = (
        f"{count:,} payloads, no foreign exception, {accepted:,} fixes still readable, {disagreements} disagreements"
    )
    return Finding(what="mutated payloads through the wire's decoders", outcome=outcome, held=disagreements == 0)


def crash_rounds(rounds: int, seed: int) -> Finding:
    """Kill ingest, broker or database with -9 at random moments under load, again and again."""
    result = crashes.run(rounds, seed, lambda words: print(words, flush=True))
    return Finding(what=f"{rounds} rounds of kill -9 under load", outcome=result.words, held=result.held)


def fuzz_wire(count: int, seed: int) -> Finding:
    """Mutated messages on real topics, through the real broker and ingest."""
    print(f"{count:,} mutated messages through broker and ingest …", flush=True)
    result = wire_fuzz.run(count, seed, mutated)
    return Finding(what="mutated messages through broker and ingest", outcome=result.words, held=result.held)


def replayed_captures() -> list[Finding]:
    """Play every real capture through a pty into a running gateway, beside what gpsd made of it."""
    captures = list(_REAL_CAPTURES.glob("*.log"))
    if not captures:
        print("the real captures are not here: none replayed")
        return []
    print(f"{len(captures)} captures through a line …", flush=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        _REPLAY_TEST,
        "-k",
        "gives_what_gpsd_made_of_it",
    ]
    run = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"DRIVEOPS_SOAK": "1"}, capture_output=True, text=True, check=False
    )
    passed = re.search(r"(\d+) passed", run.stdout)
    count = int(passed[1]) if passed else 0
    outcome = f"{count} of {len(captures)} complete (gpsd_compare --full --excuse-edges)"
    held = run.returncode == 0 and count == len(captures)
    return [Finding(what="real captures through a pty into a running gateway", outcome=outcome, held=held)]


def long_outage(hours: float) -> Finding:
    """Three days without a network in fast time: every press arrives, once, first; every kept fix once."""
    print(f"an outage of {hours:g} hours …", flush=True)
    result = outage.run(outage.Plan(hours=hours))
    return Finding(what=f"{hours:g} h without a network, kill -9 every 15 min", outcome=result.words, held=result.held)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A copy with one to three bytes changed, dropped, doubled or put in."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(changed) or 1)
        match chance.randrange(4):
            case 0 if changed:
                changed[place] = chance.randrange(256)
            case 1 if changed:
                del changed[place]
            case 2:
                changed[place:place] = changed[place : place + chance.randint(1, 8)]
            case _:
                changed.insert(place, chance.randrange(256))
    return bytes(changed)


def main() -> None:
    """Run what is asked for and write the report; exit code 1 where something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="mutated sentences and payloads, each (1,000,000)")
    parser.add_argument(
        "--wire", type=int, default=1_000_000, help="mutated messages through broker and ingest (1,000,000)"
    )
    parser.add_argument("--rounds", type=int, default=20, help="crash rounds (20)")
    parser.add_argument(
        "--hours", type=float, default=outage.Plan().hours, help="hours without a network; 0: none (72)"
    )
    parser.add_argument("--noise", type=int, default=100, help="megabytes of noise for the decoder (100)")
    parser.add_argument("--guided", type=int, default=1_000_000, help="streams that atheris tries (1,000,000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed mutates the same way")
    chosen = parser.parse_args()
    began_s = time.monotonic()
    findings = [fuzz_sentences(chosen.count, chosen.seed), fuzz_payloads(chosen.count, chosen.seed)]
    findings += decoder_findings(chosen.count, chosen.noise, chosen.guided, chosen.seed)
    findings += replayed_captures()
    if chosen.wire:
        findings.append(fuzz_wire(chosen.wire, chosen.seed))
    if chosen.rounds:
        findings.append(crash_rounds(chosen.rounds, chosen.seed))
    if chosen.hours:
        findings.append(long_outage(chosen.hours))
    minutes = (time.monotonic() - began_s) / 60
    REPORT.write_text(_report(findings, f"{dt.datetime.now(dt.UTC):%Y-%m-%d}", minutes, chosen.seed))
    print(REPORT.read_text())
    sys.exit(not all(finding.held for finding in findings))


def _plain_count(payload: bytes) -> int:
    try:
        return len(fixes.decode(payload).fixes)
    except fields.WireError:
        return 0


def _counted(what: str, count: int) -> Iterator[int]:
    for number in range(count):
        if number % _PROGRESS_EVERY == 0:
            print(f"{what}: {number:,} of {count:,}", flush=True)
        yield number


def _report(findings: list[Finding], day: str, minutes: float, seed: int) -> str:
    rows = "\n".join(f"| {f.what} | {f.outcome} | {'held' if f.held else '**did not hold**'} |" for f in findings)
    return (
        "# Soak\n\nWritten by `make soak`, which is not part of CI.\n\n"
        f"{day}, {results.machine()}, {minutes:.0f} minutes, seed {seed}.\n\n"
        f"| what | outcome | |\n| --- | --- | --- |\n{rows}\n\n"
        "The outage alone: `python -m bench.outage` (3 minutes; `--hours`, `--presses` and `--kill-every-min` change it).\n"
        "A real gateway process on four pseudo-terminals, killed in fast time; then the real broker, ingest, database.\n"
        "`tests/system/test_outage.py` plays an hour of it.\n"
    )


if __name__ == "__main__":
    main()
