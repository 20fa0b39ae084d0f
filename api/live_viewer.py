"""One socket of the live page: what it looks at, and what it has not been sent yet.

Nothing queues here: a message takes the place of an older one of its kind, and a frame is made the moment it can be sent.
So a slow browser holds one state's worth of memory and delays nobody.
"""

import asyncio
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from api import live_positions, shown, view, view_frame
from domain import accounts, emergencies

_OLD_POSITION_MS = emergencies.OLD_POSITION_S * 1e3


@dataclass(slots=True)
class Followed:
    """A person whose location a socket is told (R57)."""

    device_ids: frozenset[int]
    told_ms: int = -(2**63)  #: time of the fix that was told last


@dataclass(slots=True, eq=False)
class Viewer:
    """Between the hub, which offers, and the socket, which takes."""

    identity: accounts.Identity
    positions: live_positions.LivePositions
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    dismissed: asyncio.Event = field(default_factory=asyncio.Event)  #: its place is another's now
    followed: dict[uuid.UUID, Followed] = field(default_factory=dict)
    _view: view.View | None = None
    _waiting: dict[str, dict[str, Any] | str] = field(default_factory=dict)

    def look(self, box: view_frame.Box, zoom: float) -> None:
        """Look at another part of the map: the next frame replaces all."""
        self._view = view.View(box, zoom)
        self.awake.set()

    def offer(self, message: dict[str, Any], key: str | None = None) -> None:
        """Send this when it can be; a newer one with the same key (else of the same type) takes its place."""
        self._waiting[key or message["type"]] = message
        self.awake.set()

    def offer_text(self, key: str, text: str) -> None:
        """The same of a message that is JSON already."""
        self._waiting[key] = text
        self.awake.set()

    def follow(self, person_id: uuid.UUID, device_ids: frozenset[int]) -> None:
        """Tell where a person is from now on."""
        known = self.followed.setdefault(person_id, Followed(device_ids))
        known.device_ids = device_ids
        self.awake.set()

    def leave(self, person_id: uuid.UUID) -> None:
        """Tell it no more."""
        self.followed.pop(person_id, None)
        self._waiting.pop(f"location {person_id}", None)

    def take(self, now_ms: int) -> Iterator[str | bytes]:
        """What is to be sent now, made as it is asked for."""
        self._look_after_followed(now_ms)
        while self._waiting:
            key = next(iter(self._waiting))
            message = self._waiting.pop(key)
            yield message if isinstance(message, str) else json.dumps(message)
        frame = self._view.frame(self.positions, now_ms) if self._view and self.positions.is_loaded else None
        if frame is not None:
            yield frame

    def _look_after_followed(self, now_ms: int) -> None:
        for person_id, known in self.followed.items():
            places = [place for each in known.device_ids if (place := self.positions.place_of(each))]
            newest = max(places, key=lambda place: place.time_ms, default=None)
            if newest is None or newest.time_ms <= known.told_ms or newest.time_ms < now_ms - _OLD_POSITION_MS:  # R56
                continue
            known.told_ms = newest.time_ms
            self._waiting[f"location {person_id}"] = {
                "type": "location",
                "person": str(person_id),
                "lat": newest.lat,
                "lon": newest.lon,
                "time": shown.instant_of_ms(newest.time_ms),
            }
