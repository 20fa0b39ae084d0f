"""What a browser may say on its socket."""

import json
import math
import uuid
from dataclasses import dataclass
from typing import Any

from api import view_frame
from domain import errors

MOST_BYTES = 4_096
_MOST_LON, _MOST_ZOOM = 720.0, 30.0
_CORNERS = 4


class RequestError(errors.DomainError):
    """A message is none of those that are known."""

    code = "bad_message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The part of the map that is shown."""

    box: view_frame.Box
    zoom: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Begin or end to hear of a person, or of a booking."""

    begins: bool
    person: uuid.UUID | None = None
    booking: uuid.UUID | None = None


def parse(text: str) -> Look | Subscription:
    """Read a message.

    Raises:
        RequestError: it names what is wrong.
    """
    if len(text.encode()) > MOST_BYTES:
        raise RequestError(f"a message has at most {MOST_BYTES} bytes")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise RequestError("not JSON") from None
    match message:
        case {"type": "view", "bbox": [_, _, _, _] as corners, "zoom": zoom}:
            return _look(corners, zoom)
        case {"type": "subscribe" | "unsubscribe" as kind, "person": person}:
            return Subscription(begins=kind == "subscribe", person=_uuid(person))
        case {"type": "subscribe" | "unsubscribe" as kind, "booking": booking}:
            return Subscription(begins=kind == "subscribe", booking=_uuid(booking))
        case _:
            raise RequestError("neither a view, nor a subscription to a person or a booking")


def _look(corners: list[Any], zoom: Any) -> Look:
    numbers = [*corners, zoom]
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < math.inf for n in numbers):
        raise RequestError("bbox and zoom are finite numbers")
    west, south, east, north = corners
    if not (-_MOST_LON <= west < east <= _MOST_LON and -90 <= south < north <= 90 and 0 <= zoom <= _MOST_ZOOM):  # noqa: PLR2004
        raise RequestError("bbox is [west, south, east, north] in degrees, zoom from 0 to 30")
    return Look(box=view_frame.Box(west=west, south=south, east=east, north=north), zoom=float(zoom))


def _uuid(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise RequestError("not a UUID") from None
