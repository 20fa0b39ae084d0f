"""What a wired button means: a table of states, fed with the level of its line and the running clock.

A press is told at its first edge. What it turns out to be later (long, double, a cancel) is told as a further one.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain import telemetry

LONG_S = 2.0
DOUBLE_S = 0.5
STUCK_S = 30.0
DEBOUNCE_S = 0.03


class State(StrEnum):
    """Where a press is."""

    UNKNOWN = "unknown"  # the line has not been seen released since it was opened
    RELEASED = "released"
    PRESSED = "pressed"
    PAUSE = "pause"  # released a moment ago: a second press is a double one
    PRESSED_AGAIN = "pressed again"
    HELD = "held"
    STUCK = "stuck"


class Event(StrEnum):
    """What can happen to it."""

    DOWN = "down"
    UP = "up"
    TIME = "time"  # the state has lasted as long as it may


@dataclass(frozen=True, slots=True)
class Step:
    """Where an event leads, and what is told."""

    to: State
    told: telemetry.PressKind | None = None


_LASTS_S = {
    State.PRESSED: LONG_S,
    State.PAUSE: DOUBLE_S,
    State.PRESSED_AGAIN: LONG_S,
    State.HELD: STUCK_S - LONG_S,
}
STEPS = {
    # Held when the line is opened, it is no press: a wire that is stuck would raise an alarm at each start.
    (State.UNKNOWN, Event.DOWN): Step(State.HELD),
    (State.UNKNOWN, Event.UP): Step(State.RELEASED),
    (State.RELEASED, Event.DOWN): Step(State.PRESSED, telemetry.PressKind.PRESS),
    (State.PRESSED, Event.UP): Step(State.PAUSE),
    (State.PRESSED, Event.TIME): Step(State.HELD, telemetry.PressKind.LONG),
    (State.PAUSE, Event.DOWN): Step(State.PRESSED_AGAIN, telemetry.PressKind.DOUBLE),
    (State.PAUSE, Event.TIME): Step(State.RELEASED),
    (State.PRESSED_AGAIN, Event.UP): Step(State.RELEASED),
    (State.PRESSED_AGAIN, Event.TIME): Step(State.HELD, telemetry.PressKind.LONG),
    (State.HELD, Event.UP): Step(State.RELEASED),
    (State.HELD, Event.TIME): Step(State.STUCK),
    (State.STUCK, Event.UP): Step(State.RELEASED),
}


class Contact:
    """One button.

    Args:
        cancel_s: a long press that begins so soon after the press before cancels; 0: none does.
    """

    def __init__(self, *, cancel_s: float) -> None:
        self.state = State.UNKNOWN
        self._cancel_s = cancel_s
        self._is_down: bool | None = None
        self._open_since_s: float | None = None  # the line reads released, but may only bounce
        self._entered_s = 0.0
        self._raised_s: float | None = None  # the edge of the press that may be cancelled
        self._edge_s = 0.0

    def forget(self) -> None:
        """The line cannot be read: the next level starts anew."""
        self.state, self._is_down, self._open_since_s, self._raised_s = State.UNKNOWN, None, None, None

    def sample(self, *, is_active: bool, mono_s: float) -> list[telemetry.PressKind]:
        """What the line's level at this moment tells; nothing, most of the time."""
        told = self._take(Event.TIME, mono_s) if self._is_time(mono_s) else []
        event = self._edge(is_active=is_active, mono_s=mono_s)
        return told if event is None else told + self._take(event, mono_s)

    def _edge(self, *, is_active: bool, mono_s: float) -> Event | None:
        if is_active:
            self._open_since_s = None
            if self._is_down:
                return None
            self._is_down = True
            return Event.DOWN
        if self._is_down is False:
            return None
        if self._open_since_s is None:
            self._open_since_s = mono_s
        if mono_s - self._open_since_s < DEBOUNCE_S:
            return None
        self._is_down = False
        return Event.UP

    def _is_time(self, mono_s: float) -> bool:
        if self._open_since_s is not None and self._is_down:
            return False  # it is being released: no press grows long by its bouncing
        lasts_s = _LASTS_S.get(self.state)
        return lasts_s is not None and mono_s - self._entered_s >= lasts_s

    def _take(self, event: Event, mono_s: float) -> list[telemetry.PressKind]:
        step = STEPS.get((self.state, event))
        if step is None:
            return []
        before, self.state, self._entered_s = self.state, step.to, mono_s
        told = step.told
        if event is Event.DOWN and told is not None:
            if not self._may_cancel(mono_s):
                self._raised_s = mono_s
            self._edge_s = mono_s
        if told is telemetry.PressKind.LONG and before is State.PRESSED and self._cancels():
            self._raised_s, told = None, telemetry.PressKind.CANCEL
        return [] if told is None else [told]

    def _may_cancel(self, edge_s: float) -> bool:
        return self._raised_s is not None and edge_s - self._raised_s <= self._cancel_s

    def _cancels(self) -> bool:
        # Its own edge came after that of the press that it takes back; a first long press is an alarm.
        return self._raised_s is not None and self._raised_s < self._edge_s and self._may_cancel(self._edge_s)
