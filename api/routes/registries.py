"""/api/v1/devices, /fobs, /vehicles and /people: what is registered, and who has what when."""

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

import fastapi
import pydantic
from starlette import status

from api import identity, registry_desk
from db import registries
from domain import assignments as rules

_Name = Annotated[str, fastapi.Path(min_length=1, max_length=registries.LONGEST_NAME)]
_Text = Annotated[str, pydantic.Field(min_length=1, max_length=registries.LONGEST_NAME)]
_MaybeText = Annotated[str | None, pydantic.Field(max_length=registries.LONGEST_NAME)]
_PATHS = {
    registries.Kind.DEVICE: "devices",
    registries.Kind.FOB: "fobs",
    registries.Kind.VEHICLE: "vehicles",
    registries.Kind.PERSON: "people",
}


class NewDevice(pydantic.BaseModel):
    """A device, by its level in topics."""

    name: _Text
    kind: _Text = "tracker"
    label: _MaybeText = None


class NewFob(pydantic.BaseModel):
    """A fob, as it calls itself."""

    code: _Text


class NewVehicle(pydantic.BaseModel):
    """A vehicle."""

    name: _Text
    kind: _Text = "car"
    plate: _MaybeText = None


class NewPerson(pydantic.BaseModel):
    """A person."""

    first_name: _Text
    last_name: _Text
    kind: _Text
    phone: _MaybeText = None


class Given(pydantic.BaseModel):
    """To whom or what, from when to when; one of the two is named."""

    person: uuid.UUID | None = None
    vehicle: uuid.UUID | None = None
    since: pydantic.AwareDatetime | None = None
    until: pydantic.AwareDatetime | None = None

    @pydantic.model_validator(mode="after")
    def one(self) -> "Given":
        """One of the two."""
        if (self.person is None) == (self.vehicle is None):
            raise ValueError("name a person or a vehicle")
        return self


class Released(pydantic.BaseModel):
    """Whether a person or a vehicle has it no more, and since when."""

    of: Literal["person", "vehicle"]
    at: pydantic.AwareDatetime | None = None


class Duty(pydantic.BaseModel):
    """Whether duty begins or ends, and when."""

    on: bool
    at: pydantic.AwareDatetime | None = None


class DutyOnly(pydantic.BaseModel):
    """Whether nothing is kept of people off duty."""

    duty_only: bool


def router(at: registry_desk.RegistryDesk) -> fastapi.APIRouter:
    """The routes over a desk."""
    made = fastapi.APIRouter(prefix="/api/v1", tags=["registries"])
    _add_additions(made, at)
    for kind, path in _PATHS.items():
        _add_common(made, at, kind, f"/{path}")
        if kind is not registries.Kind.VEHICLE:
            _add_assignments(made, at, rules.Thing(kind), f"/{path}")
    _add_people(made, at)
    return made


def _add_additions(made: fastapi.APIRouter, at: registry_desk.RegistryDesk) -> None:
    kinds = registries.Kind

    @made.post("/devices", status_code=status.HTTP_201_CREATED)
    def add_device(new: NewDevice) -> dict[str, Any]:
        """Register a device, or put it into service again."""
        return at.add(
            identity.current(),
            kinds.DEVICE,
            new.name,
            lambda connection, owner: registries.add_device(
                connection, owner, new.name, kind=new.kind, label=new.label
            ),
        )

    @made.post("/fobs", status_code=status.HTTP_201_CREATED)
    def add_fob(new: NewFob) -> dict[str, Any]:
        """Register a fob, or put it into service again."""
        return at.add(
            identity.current(),
            kinds.FOB,
            new.code,
            lambda connection, owner: registries.add_fob(connection, owner, new.code),
        )

    @made.post("/vehicles", status_code=status.HTTP_201_CREATED)
    def add_vehicle(new: NewVehicle) -> dict[str, Any]:
        """Register a vehicle, or put it into service again."""
        return at.add(
            identity.current(),
            kinds.VEHICLE,
            new.name,
            lambda connection, owner: registries.add_vehicle(
                connection, owner, new.name, kind=new.kind, plate=new.plate
            ),
        )

    @made.post("/people", status_code=status.HTTP_201_CREATED)
    def add_person(new: NewPerson) -> dict[str, Any]:
        """Register a person."""
        return at.add(
            identity.current(),
            kinds.PERSON,
            f"{new.first_name} {new.last_name}",
            lambda connection, owner: registries.add_person(
                connection, owner, new.first_name, new.last_name, kind=new.kind, phone=new.phone
            ),
        )


def _add_common(made: fastapi.APIRouter, at: registry_desk.RegistryDesk, kind: registries.Kind, path: str) -> None:
    @made.get(path, name=f"list {kind}")
    def listed(*, retired: bool = False) -> list[dict[str, Any]]:
        """All of them with who or what has each now; with `retired`, those out of service as well."""
        return at.listed(identity.current(), kind, _now(), with_retired=retired)

    @made.post(path + "/{name}/retire", name=f"retire {kind}")
    def retire(name: _Name) -> dict[str, Any]:
        """Take one out of service, with all that it has or that has it; what was stays."""
        return at.retire(identity.current(), kind, name, _now())

    @made.get(path + "/{name}/assignments", name=f"assignments of {kind}")
    def history(name: _Name) -> list[dict[str, Any]]:
        """Who had it, or what it had, the newest first."""
        return at.history(identity.current(), kind, name)


def _add_assignments(made: fastapi.APIRouter, at: registry_desk.RegistryDesk, kind: rules.Thing, path: str) -> None:
    @made.post(path + "/{name}/assign", name=f"assign {kind}")
    def assign(name: _Name, given: Given) -> dict[str, Any]:
        """Give it to a person or put it into a vehicle, from a time on; whoever had it then has it until then."""
        holder = rules.Holder.PERSON if given.person else rules.Holder.VEHICLE
        to = given.person or given.vehicle
        assert to is not None
        since = given.since or _now()
        return at.assign(identity.current(), kind, name, (holder, to), since=since, until=given.until)

    @made.post(path + "/{name}/release", name=f"release {kind}")
    def release(name: _Name, released: Released) -> dict[str, Any]:
        """End what its person or its vehicle has."""
        return at.release(identity.current(), kind, name, rules.Holder(released.of), released.at or _now())


def _add_people(made: fastapi.APIRouter, at: registry_desk.RegistryDesk) -> None:
    @made.get("/people/{person_id}/duty")
    def duty(person_id: uuid.UUID) -> list[dict[str, Any]]:
        """When a person was on duty, the newest first."""
        return at.duty(identity.current(), person_id)

    @made.post("/people/{person_id}/duty")
    def set_duty(person_id: uuid.UUID, change: Duty) -> dict[str, Any]:
        """Say that a person's duty begins or ends."""
        return at.set_duty(identity.current(), person_id, change.at or _now(), on=change.on)

    @made.get("/people/{person_id}/track")
    def track(
        person_id: uuid.UUID, since: pydantic.AwareDatetime, until: pydantic.AwareDatetime
    ) -> list[dict[str, Any]]:
        """Where a person was, by the devices that they had then."""
        return at.track(identity.current(), person_id, since, until)

    @made.get("/settings/duty-only")
    def duty_only() -> dict[str, Any]:
        """Whether the positions of people on duty alone are kept."""
        return at.duty_only(identity.current())

    @made.put("/settings/duty-only")
    def set_duty_only(wanted: DutyOnly) -> dict[str, Any]:
        """Switch it; presses are always kept."""
        return at.set_duty_only(identity.current(), only=wanted.duty_only)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
