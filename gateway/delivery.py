"""What is sent next: the newest press, then new fixes at once, then what was kept, oldest first and at a limited rate.

One thread calls `step`, another `step_presses`, which never waits for a disk; acknowledgements come from a third and wait in a
queue until then. After each (re)connection all that is not acknowledged counts as unsent.
"""

import dataclasses
import math
import queue
import threading
from typing import Protocol

from domain.wire import control, fixes, topics
from gateway import outbox, ranges, window

ACK_PATIENCE_S = 30.0
_LONGEST_PATIENCE_S = 300.0
LIVE_GAP_S = 0.2
"""New fixes go in one message as often as this; the first after a pause goes at once."""

_MOST_UNACKNOWLEDGED = 5_000
_AGAIN_S = 0.2  # how long to wait where something is in the way
_TIDY_S = 1.0
# How many messages the broker may have to answer before each kind waits: presses find room beside a backlog.
_ROOM_BACKLOG, _ROOM_LIVE, _ROOM_PRESS = 8, 12, 20


class Link(Protocol):
    """The way to the broker, as far as delivery needs it."""

    @property
    def session(self) -> int:
        """Counts connections; 0 while there is none."""

    @property
    def outstanding(self) -> int:
        """Messages that the broker has not answered."""

    def publish(self, lane: topics.Lane, payload: bytes) -> bool:
        """Send a message; False if that is not possible now."""


class Delivery:
    """Empties an outbox into a link."""

    def __init__(self, box: outbox.Outbox, link: Link, *, backlog_fixes_per_s: int) -> None:
        self._box = box
        self._link = link
        self._backlog_rate = backlog_fixes_per_s
        self._most_unacknowledged = max(_MOST_UNACKNOWLEDGED, 10 * backlog_fixes_per_s)
        self._acks: dict[topics.Lane, queue.SimpleQueue[control.LaneAck]] = {
            lane: queue.SimpleQueue() for lane in (topics.Lane.FIXES, topics.Lane.PANIC)
        }
        self._press_lock = threading.Lock()
        self._presses = window.Window(patience_s=ACK_PATIENCE_S, longest_patience_s=ACK_PATIENCE_S)
        self._fixes = window.Window(patience_s=ACK_PATIENCE_S, longest_patience_s=_LONGEST_PATIENCE_S)
        self._session = self._press_session = 0
        self._live_after = box.newest_fix_seq  # numbers above are new, those up to it are backlog
        self._backlog_after = -1
        self._openings = box.openings
        self._live_due_s = self._backlog_due_s = -math.inf
        self.sent_fixes = 0

    @property
    def acknowledged_fixes(self) -> int:
        """Fixes that went because an acknowledgement covered them."""
        return self._box.acknowledged_fixes

    def acknowledge(self, ack: control.LaneAck) -> None:
        """Hand in an acknowledgement, from any thread."""
        self._acks[ack.lane].put(ack)

    def step_presses(self, *, now_s: float) -> float:
        """Send the presses alone: this waits for no disk. Seconds until there may be more."""
        with self._press_lock:
            self._settle_presses()
            session = self._link.session
            if session == 0:
                return _TIDY_S
            if session != self._press_session:
                self._press_session = session
                self._presses.clear()
            self._send_presses(now_s)
        return _TIDY_S

    def step(self, *, now_s: float) -> float:
        """Send what is due, presses first; seconds until there may be more."""
        self.step_presses(now_s=now_s)
        self._settle_fixes()
        session = self._link.session
        if session == 0:
            return _TIDY_S
        if session != self._session:
            self._session = session
            self._fixes.clear()
            self._live_after, self._backlog_after = self._box.newest_fix_seq, -1
        if self._openings != self._box.openings:  # while its disk failed the backlog was passed over
            self._openings, self._backlog_after = self._box.openings, -1
        return max(0.0, min(self._send_live(now_s), self._send_backlog(now_s), _TIDY_S))

    def settle(self) -> None:
        """Apply the acknowledgements that have been handed in."""
        with self._press_lock:
            self._settle_presses()
        self._settle_fixes()

    def _settle_presses(self) -> None:
        self._settle(topics.Lane.PANIC, self._presses)

    def _settle_fixes(self) -> None:
        self._settle(topics.Lane.FIXES, self._fixes)

    def _settle(self, lane: topics.Lane, sent: window.Window) -> None:
        while not self._acks[lane].empty():
            ack = _of_sent(self._acks[lane].get(), sent)
            if ack.ranges:
                self._box.acknowledge(ack)
                sent.settle(ranges.Ranges(ack))

    def _send_presses(self, now_s: float) -> None:
        self._presses.expire(now_s=now_s)
        for seq, payload in self._box.presses():
            if seq in self._presses:
                continue
            if self._link.outstanding >= _ROOM_PRESS or not self._link.publish(topics.Lane.PANIC, payload):
                return
            self._presses.add([seq], now_s=now_s)

    def _send_live(self, now_s: float) -> float:
        newest = self._box.newest_fix_seq
        if newest <= self._live_after:
            return math.inf
        if now_s < self._live_due_s:
            return self._live_due_s - now_s
        if not self._has_room(_ROOM_LIVE):
            return _AGAIN_S
        # Where new fixes had to wait for long, the newest go first and the others join the backlog.
        self._live_after = max(self._live_after, newest - fixes.MOST_FIXES)
        batch = self._box.fixes_between(after=self._live_after, upto=newest, limit=fixes.MOST_FIXES)
        if batch is None:  # on a disk that does not answer: these join the backlog, newer ones are still in memory
            self._live_after = max(self._live_after, self._box.written_upto)
            return _AGAIN_S
        if not self._send(batch, now_s):
            return _AGAIN_S
        self._live_after = newest
        self._live_due_s = now_s + LIVE_GAP_S
        return math.inf

    def _send_backlog(self, now_s: float) -> float:
        expired = self._fixes.expire(now_s=now_s)
        if expired:
            self._backlog_after = min(self._backlog_after, min(expired) - 1)
        if self._backlog_after >= self._live_after:
            return math.inf
        if now_s < self._backlog_due_s:
            return self._backlog_due_s - now_s
        if not self._has_room(_ROOM_BACKLOG):
            return _AGAIN_S
        found = self._box.fixes_between(after=self._backlog_after, upto=self._live_after, limit=fixes.MOST_FIXES)
        if found is None:
            return _AGAIN_S
        batch = [item for item in found if item.seq not in self._fixes]
        if not self._send(batch, now_s):
            return _AGAIN_S
        self._backlog_after = found[-1].seq if found else self._live_after
        self._backlog_due_s = now_s + len(batch) / self._backlog_rate
        return self._backlog_due_s - now_s

    def _send(self, batch: list[fixes.Numbered], now_s: float) -> bool:
        if not batch:
            return True
        if not self._link.publish(topics.Lane.FIXES, fixes.encode(batch)):
            return False
        self._fixes.add((item.seq for item in batch), now_s=now_s)
        self.sent_fixes += len(batch)
        return True

    def _has_room(self, room: int) -> bool:
        return self._link.outstanding < room and len(self._fixes) + fixes.MOST_FIXES <= self._most_unacknowledged


def _of_sent(ack: control.LaneAck, sent: window.Window) -> control.LaneAck:
    """Give an acknowledgement without ranges those of what was sent: the newest goes first, older ones perhaps not yet."""
    return ack if ack.ranges is not None else dataclasses.replace(ack, ranges=control.ranges_of(sent.upto(ack.seq)))
