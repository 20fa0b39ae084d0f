"""Plants the demo's companies in a database. Ids are derived from names, so that planting again adds only what is new."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import shapely
import sqlalchemy as sa

from db import bulk, devices, tables
from db.seed import names, places, roster
from domain import accounts, fence_shapes

_NAMESPACE = uuid.UUID("5f0c9c52-6c1b-5e0a-8f5e-5d0a3a0d9b11")
_OFFICE = (*(f"dispatcher-{number}" for number in range(1, 5)), *(f"supervisor-{number}" for number in range(1, 3)))
"""Who sits in a company's office."""
_FIRST_OFFICE_NAME = 1_500
"""Far down the list of names, so that nobody in a small demo has the name of another."""
SUPERVISOR = "supervisor@{slug}.example"
"""The login that the demo opens the pages with; it sees all of a company but its accounts."""
REPLAY = "replay"
"""The device that captures are replayed as."""
_SINCE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
"""Everybody has what they have from before the oldest capture that is replayed."""
_LOGINS = (
    (accounts.Role.DISPATCHER, "dispatcher@{slug}.example", "dispatcher-1"),
    (accounts.Role.MANAGER, SUPERVISOR, "supervisor-1"),
    (accounts.Role.ADMIN, "admin@{slug}.example", None),
)
_DEVICE_KINDS = {roster.Kind.GATEWAY_VAN: "gateway", roster.Kind.VEHICLE: "tracker", roster.Kind.GUARD: "phone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One of the demo's tenants."""

    slug: str
    name: str
    places: tuple[places.Place, ...]

    @property
    def id(self) -> uuid.UUID:
        """Its tenant's id."""
        return _id(self.slug)


COMPANIES = (
    Company(slug=roster.DEMO, name="Helsinki Ride & Guard", places=places.DEMO_PLACES),
    Company(slug=roster.OTHER, name="Kaleva Courier", places=places.OTHER_PLACES),
)


def plant(connection: sa.Connection, *, units: int, gateways: int) -> Mapping[str, int]:
    """Add the companies with so many units, as `roster.enlist` names them; returns how many rows are new, by table."""
    listed = roster.enlist(units=units, gateways=gateways)
    rows: list[tuple[sa.Table, list[dict[str, object]]]] = [
        (tables.tenant, [_tenant(company) for company in COMPANIES]),
        (tables.vehicle, [_vehicle(unit) for unit in listed if unit.kind is not roster.Kind.GUARD]),
        (tables.person, [*_people(listed), *_office()]),
        (tables.device, [*(_device(unit) for unit in listed), _replay_device()]),
        (tables.fob, [_fob(unit) for unit in listed]),
        (tables.account, list(_accounts())),
        (tables.geofence, [_fence(company, place) for company in COMPANIES for place in company.places]),
    ]
    added = {table.name: bulk.insert_new(connection, table, new) for table, new in rows}
    ids = devices.load(connection).devices
    had = [row for unit in listed for row in _assignments(unit, ids.get((unit.tenant, unit.device)))]
    added["assignment"] = bulk.insert_new(connection, tables.assignment, had)
    connection.commit()
    return added


def _id(*parts: object) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, "/".join(map(str, parts)))


def _tenant(company: Company) -> dict[str, object]:
    return {"id": company.id, "slug": company.slug, "name": company.name, "time_zone": "Europe/Helsinki"}


def _vehicle(unit: roster.Unit) -> dict[str, object]:
    return {
        "tenant_id": _id(unit.tenant),
        "id": _id(unit.tenant, "vehicle", unit.device),
        "name": unit.device.replace("unit-", "Car ").replace("van-", "Van "),
        "kind": "car" if unit.kind is roster.Kind.VEHICLE else "van",
        "plate": f"{unit.tenant[:3].upper()}-{unit.device.rsplit('-')[1]}",
    }


def _people(listed: Iterable[roster.Unit]) -> Iterable[dict[str, object]]:
    for unit in listed:
        drives = unit.kind is roster.Kind.VEHICLE
        trade = "courier" if unit.tenant == roster.OTHER else "vtc_driver"
        yield _person(unit.tenant, unit.device, unit.number, trade if drives else "security_guard")


def _office() -> Iterable[dict[str, object]]:
    for company in COMPANIES:
        for number, key in enumerate(_OFFICE):
            yield _person(company.slug, key, _FIRST_OFFICE_NAME + number, key.split("-")[0])


def _accounts() -> Iterable[dict[str, object]]:
    """Who may sign in: one of each role, by links only, since nobody has a password."""
    for company in COMPANIES:
        for number, (role, login, key) in enumerate(_LOGINS):
            first_name, last_name = names.full_name(
                _FIRST_OFFICE_NAME + (_OFFICE.index(key) if key else len(_OFFICE) + number)
            )
            yield {
                "tenant_id": company.id,
                "id": _id(company.slug, "account", login),
                "login": login.format(slug=company.slug),
                "name": f"{first_name} {last_name}",
                "role": role.value,
            }


def _person(tenant: str, key: str, number: int, kind: str) -> dict[str, object]:
    first_name, last_name = names.full_name(number)
    return {
        "tenant_id": _id(tenant),
        "id": _id(tenant, "person", key),
        "first_name": first_name,
        "last_name": last_name,
        "kind": kind,
    }


def _device(unit: roster.Unit) -> dict[str, object]:
    return {
        "tenant_id": _id(unit.tenant),
        "uid": _id(unit.tenant, "device", unit.device),
        "name": unit.device,
        "kind": _DEVICE_KINDS[unit.kind],
        "label": None,
    }


def _replay_device() -> dict[str, object]:
    return {
        "tenant_id": _id(roster.DEMO),
        "uid": _id(roster.DEMO, "device", REPLAY),
        "name": REPLAY,
        "kind": "gateway",
        "label": "Replayed captures",
    }


def _fob(unit: roster.Unit) -> dict[str, object]:
    return {"tenant_id": _id(unit.tenant), "code": unit.fob}


def _assignments(unit: roster.Unit, device_id: int | None) -> Iterable[dict[str, object]]:
    """The unit's device, where it is in service, and its fob are with its person, and in its vehicle if it has one."""
    nobody = dict.fromkeys(("device_id", "fob_code", "person_id", "vehicle_id"))
    for column, key in (("device_id", device_id), ("fob_code", unit.fob)):
        for holder in ("person",) if unit.kind is roster.Kind.GUARD else ("person", "vehicle"):
            if key is None:
                continue
            yield {
                **nobody,
                "tenant_id": _id(unit.tenant),
                "id": _id(unit.tenant, "assignment", column, unit.device, holder),
                column: key,
                f"{holder}_id": _id(unit.tenant, holder, unit.device),
                "since": _SINCE,
                "assigned_by": "seed",
            }


def _fence(company: Company, place: places.Place) -> dict[str, object]:
    return {
        "tenant_id": company.id,
        "id": _id(company.slug, "geofence", place.name),
        "name": place.name,
        "kind": place.kind,
        "geom": _ewkt(place.outline, place.holes),
    }


def _ewkt(outline: fence_shapes.Ring, holes: tuple[fence_shapes.Ring, ...]) -> str:
    return f"SRID=4326;{shapely.Polygon(outline, holes).wkt}"
