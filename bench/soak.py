"""`python -m bench.soak`: the long runs, each with its section in docs/soak.md.

Fuzz, noise, bad links, kill -9 of every part in rounds, three days offline.
"""

import argparse
import datetime as dt
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import crashes, decoder_noise, fuzz, fuzz_wire, outage, results, soak_report, soak_tests


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One of the long runs; its name is its section's."""

    name: str
    about: str
    options: tuple[str, ...]  #: those that change it
    play: Callable[[argparse.Namespace], soak_report.Finding]


RUNS = (
    Run(
        name="sentences",
        about="Mutated sentences of the golden captures into one decoder: it never raises, and its memory stays.",
        options=("count", "seed"),
        play=lambda chosen: fuzz.sentences(chosen.count, chosen.seed),
    ),
    Run(
        name="traced",
        about="Mutated sentences among good ones, as they are and with right checksums; each fix has a valid sentence.",
        options=("count", "seed"),
        play=lambda chosen: decoder_noise.mutations(chosen.count, chosen.seed, fuzz.mutated),
    ),
    Run(
        name="noise",
        about="Random bytes, bytes that sentences are made of, heads of sentences, one byte over and over: no fix.",
        options=("noise", "seed"),
        play=lambda chosen: decoder_noise.noise(chosen.noise, chosen.seed),
    ),
    Run(
        name="payloads",
        about="Mutated payloads into every decoder of the wire; the plain reader of fixes and ingest's fast one agree.",
        options=("count", "seed"),
        play=lambda chosen: fuzz.payloads(chosen.count, chosen.seed),
    ),
    Run(
        name="hypothesis",
        about="The property tests of the gateway and the domain, with more examples than in `make test`.",
        options=("examples", "seed"),
        play=lambda chosen: soak_tests.properties(chosen.examples, chosen.seed),
    ),
    Run(
        name="guided",
        about="atheris searches by coverage for a stream that raises, or that yields a fix without a valid sentence behind it.",
        options=("guided", "seed"),
        play=lambda chosen: decoder_noise.guided(chosen.guided, chosen.seed),
    ),
    Run(
        name="captures",
        about="Every real capture through a pseudo-terminal into a running gateway, beside what gpsd made of it.",
        options=(),
        play=lambda _: soak_tests.captures(),
    ),
    Run(
        name="links",
        about=(
            "A gateway in a network namespace, its broker outside, the kernel's TCP over TUN devices between them\n"
            "(`tests/system/lossy_link`, which needs neither root nor netem: not every kernel has that, here\n"
            "`tc qdisc add dev lo root netem loss 10%` says `Specified qdisc kind is unknown`). Packets are lost in each\n"
            "direction, come 100 to 200 ms late and overtake each other while the broker is killed; or all are swallowed,\n"
            "both ways or one, or the interface goes down: the status file says so within 30 s. Every press and fix is a\n"
            "row in the database, once."
        ),
        options=(),
        play=lambda _: soak_tests.links(),
    ),
    Run(
        name="crashes",
        about="kill -9 of every part in the middle of a run, each once a round, the database waiting for its disk.",
        options=("rounds",),
        play=lambda chosen: soak_tests.crashes(chosen.rounds),
    ),
    Run(
        name="kills",
        about="kill -9 of ingest, PostgreSQL and Mosquitto at random moments under load: sent = stored, alerts counted.",
        options=("kills", "seed"),
        play=lambda chosen: _kills(chosen.kills, chosen.seed),
    ),
    Run(
        name="wire",
        about="Mutated messages on real topics, through the real broker and ingest, its memory watched.",
        options=("count", "seed"),
        play=lambda chosen: _wire(chosen.count, chosen.seed),
    ),
    Run(
        name="outage",
        about=(
            "Days without a network in fast time, a kill -9 every 5 minutes of them: a real gateway process on four\n"
            "pseudo-terminals, then the real broker, ingest, database. `python -m bench.outage` is the same with more options\n"
            "(`--presses`, `--kill-every-min`); `tests/system/test_outage.py` plays an hour of it."
        ),
        options=("hours",),
        play=lambda chosen: _outage(chosen.hours),
    ),
)


def main() -> None:
    """Play what is asked for; exit code 1 where something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    names = [run.name for run in RUNS]
    parser.add_argument("--only", choices=names, action="append", help="this run alone (may be repeated)")
    parser.add_argument("--count", type=int, default=1_000_000, help="mutated sentences and payloads (1,000,000)")
    parser.add_argument("--noise", type=int, default=100, help="megabytes of noise for the decoder (100)")
    parser.add_argument("--examples", type=int, default=5_000, help="examples of each property (5,000)")
    parser.add_argument("--guided", type=float, default=10.0, help="minutes for atheris (10)")
    parser.add_argument("--rounds", type=int, default=10, help="crash rounds (10)")
    parser.add_argument("--kills", type=int, default=20, help="kills under load (20)")
    parser.add_argument("--hours", type=float, default=outage.Plan().hours, help="hours without a network (72)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed mutates the same way (1)")
    parser.add_argument("--report", type=Path, default=soak_report.FILE, help="the file to write (docs/soak.md)")
    chosen = parser.parse_args()
    wanted = [run for run in RUNS if not chosen.only or run.name in chosen.only]
    findings = play(wanted, chosen, order=names)
    sys.exit(any(each.verdict is soak_report.Verdict.FAILED for each in findings))


def play(runs: Sequence[Run], chosen: argparse.Namespace, *, order: Sequence[str]) -> list[soak_report.Finding]:
    """Play runs one after the other, and write the section of each when it has ended."""
    findings = []
    for number, run in enumerate(runs, 1):
        print(f"[{number}/{len(runs)}] {run.name}", flush=True)
        began_s = time.monotonic()
        finding = _played(run, chosen)
        findings.append(finding)
        minutes = (time.monotonic() - began_s) / 60
        print(f"[{number}/{len(runs)}] {run.name}: {finding.verdict}, {minutes:.1f} min: {finding.outcome}", flush=True)
        text = soak_report.section(run.name, run.about, _circumstances(run, chosen, minutes), [finding])
        soak_report.replace(chosen.report, run.name, text, order)
    return findings


def _played(run: Run, chosen: argparse.Namespace) -> soak_report.Finding:
    try:
        return run.play(chosen)
    except Exception as error:  # noqa: BLE001 - what it raises is its outcome, and the others are still to be played
        traceback.print_exc()
        return soak_report.held(run.name, f"{type(error).__name__}: {str(error)[:600]}", is_held=False)


def _circumstances(run: Run, chosen: argparse.Namespace, minutes: float) -> str:
    command = " ".join(
        [
            f"python -m bench.soak --only {run.name}",
            *(f"--{option} {getattr(chosen, option)}" for option in run.options),
        ]
    )
    return f"`{command}`, {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {minutes:.1f} minutes, {results.machine()}."


def _kills(rounds: int, seed: int) -> soak_report.Finding:
    result = crashes.run(rounds, seed, lambda words: print(words, flush=True))
    return soak_report.held(f"{rounds} times kill -9 under load", result.words, is_held=result.held)


def _wire(count: int, seed: int) -> soak_report.Finding:
    result = fuzz_wire.run(count, seed, fuzz.mutated)
    return soak_report.held("mutated messages through broker and ingest", result.words, is_held=result.held)


def _outage(hours: float) -> soak_report.Finding:
    result = outage.run(outage.Plan(hours=hours))
    what = f"{hours:g} h without a network, kill -9 every {outage.Plan().kill_every_min:g} min"
    return soak_report.held(what, result.words, is_held=result.held)


if __name__ == "__main__":
    main()
