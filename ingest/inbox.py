"""Messages between the edge and the worker: taken from the sessions, cut into batches, bounded in bytes.

What changes the past is set aside and comes in small batches of its own, in turn with the others: deriving the past anew takes
long, and nobody else is to wait for more than one of them.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from ingest import mqtt_connection, subscriber


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive messages of one session."""

    lease: int
    connection: subscriber.Acknowledges
    messages: mqtt_connection.Messages
    place: tuple[int, int]  #: when it came, and where its messages began in what came together
    arrived_s: float = 0.0  #: by the monotonic clock, at the earliest

    @property
    def weight(self) -> int:
        """What the messages count for in the inbox."""
        return sum(map(len, self.messages.payloads)) + len(self.messages)


class Inbox:
    """What has been received and is not committed yet.

    Args:
        most_weight: with more in hand (lengths of payloads, and one for each message), `on_full` is called with True,
            and with False when half of it is gone.
    """

    def __init__(self, *, most_weight: int, on_full: Callable[[bool], None]) -> None:
        self._waiting: deque[Segment] = deque()
        self._aside: deque[Segment] = deque()
        self._was_aside = False  # whether the last batch was of what is set aside
        self._most_weight = most_weight
        self._on_full = on_full
        self._arriving = 0  # in the sessions, as they have told since the last `collect`
        self._in_hand = 0  # in segments that are waiting or on their way into the database
        self._collected = 0
        self._full = False
        self._oldest_s = 0.0
        self.arrived = asyncio.Event()

    def note_arrival(self, weight: int) -> None:
        """Count what a session has read and still holds."""
        self._arriving += weight
        if not self.arrived.is_set():
            self._oldest_s = time.monotonic()
            self.arrived.set()
        self._weigh()

    def note_done(self, weight: int) -> None:
        """Count what is committed or dropped."""
        self._in_hand -= weight
        self._weigh()

    def collect(self, received: Iterable[tuple[int, subscriber.Taken]]) -> int:
        """Take in what the sessions have received; the number of messages that wait now."""
        self.arrived.clear()
        for lease, taken in received:
            segment = Segment(lease, taken.connection, taken.messages, (self._collected, 0), self._oldest_s)
            self._collected += 1
            self._waiting.append(segment)
            self._in_hand += segment.weight
        # The sessions are empty now. What they told of and didn't give went down with a connection: it comes again.
        self._arriving = 0
        self._weigh()
        return sum(len(segment.messages) for segment in self._waiting)

    @property
    def weight(self) -> int:
        """What has been received and is not committed."""
        return self._arriving + self._in_hand

    def age_s(self, now_s: float) -> float:
        """How long ago the first message came that the last `collect` took."""
        return now_s - self._oldest_s

    def next_batch(self, *, most_messages: int, most_weight: int) -> list[Segment]:
        """Cut off a batch; a single message may be longer than `most_weight`."""
        self._was_aside = False
        return _cut(self._waiting, most_messages, most_weight)

    @property
    def is_turn_of_aside(self) -> bool:
        """Whether what is set aside comes next."""
        return bool(self._aside) and not (self._was_aside and self._waiting)

    def next_aside(self, *, most_messages: int, most_weight: int) -> list[Segment]:
        """Cut off a batch of what was set aside."""
        self._was_aside = True
        return _cut(self._aside, most_messages, most_weight)

    def set_aside(self, batch: Iterable[Segment], chosen: Collection[int]) -> list[Segment]:
        """Set the chosen messages of a batch aside, by their index in it; the others."""
        others, first = [], 0
        for segment in batch:
            indexes = range(len(segment.messages))
            picked = [index for index in indexes if first + index in chosen]
            if picked:
                self._aside.append(_pick(segment, picked))
                rest = [index for index in indexes if first + index not in chosen]
                if rest:
                    others.append(_pick(segment, rest))
            else:
                others.append(segment)
            first += len(indexes)
        return others

    def put_back(self, batch: Iterable[Segment]) -> None:
        """Keep a batch that could not be committed, in the place that it was cut from: fixes out of order are late."""
        self._waiting = deque(sorted([*batch, *self._waiting], key=lambda segment: segment.place))

    def drop(self, leases: Collection[int]) -> None:
        """Forget messages of sessions that are another process's now: it gets them from the broker."""
        dropped = [segment for segment in (*self._waiting, *self._aside) if segment.lease in leases]
        self._waiting = deque(segment for segment in self._waiting if segment.lease not in leases)
        self._aside = deque(segment for segment in self._aside if segment.lease not in leases)
        self.note_done(sum(segment.weight for segment in dropped))

    def _weigh(self) -> None:
        held = self.weight
        if not self._full and held > self._most_weight:
            self._full = True
            self._on_full(True)
        elif self._full and held < self._most_weight // 2:
            self._full = False
            self._on_full(False)

    def __bool__(self) -> bool:
        return bool(self._waiting or self._aside)


def _cut(source: deque[Segment], most_messages: int, most_weight: int) -> list[Segment]:
    batch: list[Segment] = []
    messages = size = 0
    while source and messages < most_messages and size < most_weight:
        head = source.popleft()
        fitting = _fitting(head.messages.payloads, most_messages - messages, most_weight - size)
        if fitting < len(head.messages):
            head, rest = _split(head, fitting)
            source.appendleft(rest)
        batch.append(head)
        messages += len(head.messages)
        size += head.weight
    return batch


def _fitting(payloads: list[bytes], most_messages: int, most_weight: int) -> int:
    """How many of the first payloads fit; at least one."""
    if len(payloads) <= most_messages and sum(map(len, payloads)) <= most_weight:
        return len(payloads)
    size = 0
    for count, payload in enumerate(payloads[:most_messages]):
        size += len(payload)
        if size > most_weight:
            return max(1, count)
    return min(most_messages, len(payloads))


def _split(segment: Segment, at: int) -> tuple[Segment, Segment]:
    return _pick(segment, range(at)), _pick(segment, range(at, len(segment.messages)))


def _pick(segment: Segment, indexes: Sequence[int]) -> Segment:
    messages = segment.messages
    came, began = segment.place
    picked = mqtt_connection.Messages(
        [messages.topics[index] for index in indexes],
        [messages.payloads[index] for index in indexes],
        [messages.packet_ids[index] for index in indexes],
    )
    return Segment(segment.lease, segment.connection, picked, (came, began + indexes[0]), segment.arrived_s)
