"""GET /api/v1/quarantine, and adopt or dismiss who waits there."""

import datetime as dt
from typing import Annotated, Any

import fastapi
import pydantic

from api import identity, quarantine_desk

_Device = Annotated[str, fastapi.Path(min_length=1, max_length=64)]


class Adoption(pydantic.BaseModel):
    """What a device is registered as."""

    kind: Annotated[str, pydantic.Field(max_length=20)] = "phone"
    label: Annotated[str | None, pydantic.Field(max_length=200)] = None


def router(at: quarantine_desk.QuarantineDesk) -> fastapi.APIRouter:
    """The routes over a desk."""
    made = fastapi.APIRouter(prefix="/api/v1/quarantine", tags=["devices"])

    @made.get("")
    def waiting(*, dismissed: bool = False) -> list[dict[str, Any]]:
        """Senders whose device nobody has registered; with `dismissed`, those put out of sight as well."""
        return at.waiting(identity.current(), with_dismissed=dismissed)

    @made.post("/{device}/adopt")
    def adopt(device: _Device, adoption: Adoption) -> dict[str, Any]:
        """Register it: its data flows from now on."""
        return at.adopt(identity.current(), device, _now(), kind=adoption.kind, label=adoption.label)

    @made.post("/{device}/dismiss")
    def dismiss(device: _Device) -> dict[str, Any]:
        """Put it out of sight."""
        return at.dismiss(identity.current(), device, _now())

    return made


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
