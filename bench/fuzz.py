"""Soak of the decoders by mutation: sentences into the assembler, payloads into every decoder of the wire."""

import contextlib
import datetime as dt
import random
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import soak_report
from domain import telemetry
from domain.wire import control, fields, fixes, panic, status
from gateway import nmea
from ingest import fix_decoder

_CAPTURES = Path(__file__).parents[1] / "tests" / "data" / "nmea"
_PAYLOAD = (
    b'[{"t":"2026-03-01T12:00:00.250Z","lat":60.17,"lon":24.94,"alt":12.5,"spd":8.3,"crs":271.5,"fix":3,"seq":7}]'
)
_NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
_PROGRESS_EVERY = 100_000
_MOST_GROWTH_KB = 256


def sentences(count: int, seed: int) -> soak_report.Finding:
    """Feed mutated sentences of the golden captures to one assembler: it never raises, and its memory stays."""
    chance = random.Random(seed)
    lines = [line for path in sorted(_CAPTURES.glob("*.nmea")) for line in path.read_bytes().splitlines(keepends=True)]
    assembler, given, settled = nmea.Assembler(), 0, 0
    tracemalloc.start()
    for number in counted("sentences", count):
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
    return soak_report.held("mutated sentences through the decoder", outcome, is_held=grown_kb < _MOST_GROWTH_KB)


def payloads(count: int, seed: int) -> soak_report.Finding:
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
    for number in counted("payloads", count):
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
    return soak_report.held("mutated payloads through the wire's decoders", outcome, is_held=disagreements == 0)


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


def counted(what: str, count: int) -> Iterator[int]:
    """Numbers up to a count, told on the screen now and then."""
    for number in range(count):
        if number % _PROGRESS_EVERY == 0:
            print(f"  {what}: {number:,} of {count:,}", flush=True)
        yield number


def _plain_count(payload: bytes) -> int:
    try:
        return len(fixes.decode(payload).fixes)
    except fields.WireError:
        return 0
