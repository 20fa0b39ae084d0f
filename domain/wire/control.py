"""What travels down to a device, and its answers: `ack`, `command`, `reply`."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain.wire import fields, fixes, topics

ACK_LANES = (topics.Lane.FIXES, topics.Lane.PANIC)
MOST_RANGES = 1_000
_LONGEST_WORD = 128


class CommandName(StrEnum):
    """What a device can be told to do."""

    INTERVAL = "interval"
    LOCATE = "locate"
    UPLOAD = "upload"
    RESTART = "restart"
    IDENTIFY = "identify"


class CommandRefusedError(fields.WireError):
    """A command that cannot be understood but has an id: it is answered all the same."""

    def __init__(self, command_id: str, why: str) -> None:
        super().__init__(why)
        self.command_id = command_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneAck:
    """Sequence numbers that are committed; ranges are inclusive, and None means all up to `seq`."""

    lane: topics.Lane
    seq: int
    ranges: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNotice:
    """The state of an alert, for the lamp of the fob that raised it (R55)."""

    alert_id: uuid.UUID
    state: str
    by: str | None = None
    fob: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An order to a device, answered with its id."""

    id: str
    name: CommandName
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A device's answer to a command."""

    id: str
    ok: bool
    detail: str = ""


def ranges_of(seqs: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """The inclusive runs of a set of sequence numbers.

    >>> ranges_of([3, 1, 2, 7, 2])
    ((1, 3), (7, 7))
    """
    runs: list[tuple[int, int]] = []
    for seq in sorted(set(seqs)):
        if runs and seq == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], seq)
        else:
            runs.append((seq, seq))
    return tuple(runs)


def encode_ack(ack: LaneAck) -> bytes:
    """Write an acknowledgement of sequence numbers."""
    ranges = None if ack.ranges is None else [list(run) for run in ack.ranges]
    return fields.dump(fields.drop_none({"lane": str(ack.lane), "seq": ack.seq, "ranges": ranges}))


def encode_notice(notice: AlertNotice) -> bytes:
    """Write the state of an alert."""
    record = {"alert": str(notice.alert_id), "state": notice.state, "by": notice.by, "fob": notice.fob}
    return fields.dump(fields.drop_none(record))


def decode_ack(payload: bytes) -> LaneAck | AlertNotice:
    """Read what stands on the `ack` topic.

    Raises:
        WireError: it names the field at fault.
    """
    record = fields.require_object(fields.load(payload), "ack")
    if "alert" in record:
        return _decode_notice(record)
    lane = record.get("lane")
    if lane not in ACK_LANES:
        raise fields.WireError("lane is neither fixes nor panic")
    return LaneAck(
        lane=topics.Lane(lane),
        seq=fields.required_integer(record, "seq", 0, fixes.HIGHEST_SEQ),
        ranges=_decode_ranges(record["ranges"]) if record.get("ranges") is not None else None,
    )


def encode_command(command: Command) -> bytes:
    """Write a command; its arguments stand beside id and name."""
    return fields.dump({**command.arguments, "id": command.id, "name": str(command.name)})


def decode_command(payload: bytes) -> Command:
    """Read a command.

    Raises:
        CommandRefusedError: it has an id, but its name is missing or unknown.
        WireError: it has no id that could be answered; it names the field at fault.
    """
    record = fields.require_object(fields.load(payload), "command")
    command_id = _required_word(record, "id")
    try:
        word = _required_word(record, "name")
    except fields.WireError as error:
        raise CommandRefusedError(command_id, str(error)) from None
    if word not in tuple(CommandName):
        raise CommandRefusedError(command_id, f"no such command: {word[:40]!r}")
    arguments = {key: value for key, value in record.items() if key not in ("id", "name")}
    return Command(id=command_id, name=CommandName(word), arguments=arguments)


def encode_reply(reply: Reply) -> bytes:
    """Write an answer."""
    return fields.dump({"id": reply.id, "ok": reply.ok, "detail": reply.detail})


def decode_reply(payload: bytes) -> Reply:
    """Read an answer.

    Raises:
        WireError: it names the field at fault.
    """
    record = fields.require_object(fields.load(payload), "reply")
    ok = record.get("ok")
    if not isinstance(ok, bool):
        raise fields.WireError("ok is neither true nor false")
    detail = record.get("detail", "")
    return Reply(id=_required_word(record, "id"), ok=ok, detail=detail if isinstance(detail, str) else "")


def _decode_notice(record: Mapping[str, Any]) -> AlertNotice:
    try:
        alert_id = uuid.UUID(_required_word(record, "alert"))
    except ValueError:
        raise fields.WireError("alert is not a UUID") from None
    return AlertNotice(
        alert_id=alert_id,
        state=_required_word(record, "state"),
        by=fields.text(record, "by", _LONGEST_WORD),
        fob=fields.text(record, "fob", _LONGEST_WORD),
    )


def _decode_ranges(value: Any) -> tuple[tuple[int, int], ...]:
    if not isinstance(value, list) or len(value) > MOST_RANGES:
        raise fields.WireError(f"ranges are not an array of up to {MOST_RANGES}")
    return tuple(_decode_range(pair) for pair in value)


def _decode_range(pair: Any) -> tuple[int, int]:
    match pair:
        case [int(first), int(last)] if 0 <= first <= last <= fixes.HIGHEST_SEQ:
            return first, last
        case _:
            raise fields.WireError("a range is not [first, last] with 0 <= first <= last")


def _required_word(record: Mapping[str, Any], name: str) -> str:
    value = fields.text(record, name, _LONGEST_WORD)
    if value is None:
        raise fields.WireError(f"{name} is missing")
    return value
