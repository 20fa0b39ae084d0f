"""A gateway's figures in Prometheus' text format (exposition format 0.0.4)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from domain import telemetry
from gateway import health

PREFIX = "driveops_gateway_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_OF_FRAMES = ("good", "bad checksum", "no checksum", "broken")
_OF_EPOCHS = {
    "fixes": "Fixes merged from a port's sentences.",
    "void": "Epochs whose receiver said that it has no fix.",
    "undated": "Positions that came without a date.",
}

Labels = Mapping[str, str]


class _Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"


def text(report: health.Report) -> str:
    """All figures of a report; a figure that isn't known is left out."""
    return "".join((*_of_ports(report), *_of_link(report), *_of_outbox(report), *_of_itself(report)))


def _of_ports(report: health.Report) -> Iterable[str]:
    counts = report.sentences
    yield _family(
        "sentences_total", _Kind.COUNTER, "Sentences by port and by what became of them.",
        [({"port": port, "kind": what.replace(" ", "_")}, of[what]) for port, of in counts.items() for what in _OF_FRAMES],
    )  # fmt: skip
    for what, words in _OF_EPOCHS.items():
        yield _family(f"{what}_total", _Kind.COUNTER, words, [({"port": p}, of[what]) for p, of in counts.items()])
    states = report.status.ports
    yield _family(
        "port_good", _Kind.GAUGE, "1 while a port is open and what comes over it makes sense.",
        [({"port": port}, state.startswith("open")) for port, state in states.items()],
    )  # fmt: skip
    if report.fix_age_s is not None:
        yield _single("fix_age_seconds", _Kind.GAUGE, "Age of the last good fix.", report.fix_age_s)


def _of_link(report: health.Report) -> Iterable[str]:
    yield _single("link_up", _Kind.GAUGE, "1 while connected to the broker.", report.broker is None)
    reconnects = max(0, report.connections - 1)
    yield _single("reconnects_total", _Kind.COUNTER, "Connections to the broker after the first.", reconnects)


def _of_outbox(report: health.Report) -> Iterable[str]:
    yield _single("backlog_rows", _Kind.GAUGE, "Rows that wait to be acknowledged.", report.status.backlog)
    yield _single("presses_waiting", _Kind.GAUGE, "1 while a press waits to be acknowledged.", report.press_waits)
    yield _single("thinned_total", _Kind.COUNTER, "Fixes left out to bound the outbox.", report.thinned)
    yield _single("dropped_total", _Kind.COUNTER, "Fixes lost while the disk took none.", report.dropped)
    yield _single("outbox_trouble", _Kind.GAUGE, "1 while rows are kept in memory only.", report.outbox is not None)
    yield _family(
        "presses_total", _Kind.COUNTER, "Presses by kind.",
        [({"kind": str(kind)}, report.presses.get(kind, 0)) for kind in telemetry.PressKind],
    )  # fmt: skip


def _of_itself(report: health.Report) -> Iterable[str]:
    yield _single("silent_fobs", _Kind.GAUGE, "Fobs not heard for too long.", len(report.silent_fobs))
    yield _single("uptime_seconds", _Kind.GAUGE, "Since the gateway's start.", report.status.uptime_s or 0.0)
    yield _family("info", _Kind.GAUGE, "The gateway's version.", [({"version": report.status.version}, 1)])


def _single(name: str, kind: _Kind, words: str, value: float) -> str:
    return _family(name, kind, words, [({}, value)])


def _family(name: str, kind: _Kind, words: str, samples: Iterable[tuple[Labels, float]]) -> str:
    lines = [f"# HELP {PREFIX}{name} {words}", f"# TYPE {PREFIX}{name} {kind}"]
    for labels, value in samples:
        named = ",".join(f'{label}="{_escaped(told)}"' for label, told in labels.items())
        lines.append(f"{PREFIX}{name}{f'{{{named}}}' if named else ''} {float(value):.15g}")
    return "\n".join(lines) + "\n"


def _escaped(told: str) -> str:
    return told.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
