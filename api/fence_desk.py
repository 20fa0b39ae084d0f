"""Geofences: what the map draws, and what a manager changes. Blocking: call it in a thread."""

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
import uuid_utils.compat

from db import engine, errors, fence_drawing, geofences
from domain import accounts, fence_forms, fences
from domain import errors as domain_errors

Json = dict[str, Any]
_WHOM = "assigned_to"


class FenceNotFoundError(domain_errors.DomainError):
    """The tenant watches no such fence."""

    code = "geofence_not_found"

    def __init__(self, fence_id: uuid.UUID) -> None:
        super().__init__(f"no geofence {fence_id}")


class FenceDesk:
    """Of the identity's tenant alone."""

    def __init__(self, source: sa.Engine) -> None:
        self._engine = source

    def all(self, identity: accounts.Identity) -> Json:
        """The watched fences as a GeoJSON FeatureCollection of areas; what describes each stands in its properties."""
        with self._using(identity, accounts.Permission.SEE_LIVE) as connection:
            found = geofences.of_tenant(connection, identity.tenant_id)
            whom = geofences.whom(connection, identity.tenant_id)
        return {"type": "FeatureCollection", "features": [_feature(fence, whom) for fence in found]}

    def one(self, identity: accounts.Identity, fence_id: uuid.UUID) -> Json:
        """A fence as `add` and `change` take it, with its id.

        Raises:
            FenceNotFoundError: this tenant watches no such fence.
        """
        with self._using(identity, accounts.Permission.SEE_LIVE) as connection:
            fence = _fence(connection, identity, fence_id)
            return _shown(fence, geofences.whom(connection, identity.tenant_id))

    def add(self, identity: accounts.Identity, form: Mapping[str, Any]) -> Json:
        """Watch a new fence.

        Raises:
            DomainError: what is wrong with it, in a sentence.
            NotPermittedError: the role may not.
        """
        with self._using(identity, accounts.Permission.MANAGE_GEOFENCES) as connection:
            return _write(connection, identity, uuid_utils.compat.uuid7(), form)

    def change(self, identity: accounts.Identity, fence_id: uuid.UUID, change: Mapping[str, Any]) -> Json:
        """Change what is named of a fence; the rest stays.

        Raises:
            FenceNotFoundError: this tenant watches no such fence.
            DomainError: what is wrong with it, in a sentence.
            NotPermittedError: the role may not.
        """
        with self._using(identity, accounts.Permission.MANAGE_GEOFENCES) as connection:
            if not geofences.hold(connection, fence_id, tenant_id=identity.tenant_id):
                raise FenceNotFoundError(fence_id)
            before = fence_forms.form_of(_fence(connection, identity, fence_id))
            if "geometry" in change:
                before |= {"radius_m": None, "width_m": None}
            return _write(connection, identity, fence_id, {**before, **change})

    def remove(self, identity: accounts.Identity, fence_id: uuid.UUID) -> None:
        """Watch a fence no more; what happened at it stays.

        Raises:
            FenceNotFoundError: this tenant watches no such fence.
            NotPermittedError: the role may not.
        """
        with self._using(identity, accounts.Permission.MANAGE_GEOFENCES) as connection:
            if not geofences.deactivate(connection, fence_id, tenant_id=identity.tenant_id):
                raise FenceNotFoundError(fence_id)

    def _using(self, identity: accounts.Identity, permission: accounts.Permission) -> Any:
        identity.require(permission)
        return engine.tenant_transaction(self._engine, identity.tenant_id)


def _write(
    connection: sa.Connection, identity: accounts.Identity, fence_id: uuid.UUID, form: Mapping[str, Any]
) -> Json:
    bare = {name: value for name, value in form.items() if name != _WHOM}
    fence = fence_forms.fence_of(bare, fence_id=fence_id, tenant_id=identity.tenant_id, zone=identity.time_zone)
    try:
        geofences.save(connection, fence)
        if _WHOM in form:
            geofences.assign(connection, fence_id, _whom(form[_WHOM]), tenant_id=identity.tenant_id)
        return _shown(fence, geofences.whom(connection, identity.tenant_id))
    except errors.DatabaseError as error:
        raise fences.FenceError(str(error)) from None


def _fence(connection: sa.Connection, identity: accounts.Identity, fence_id: uuid.UUID) -> fences.Geofence:
    for fence in geofences.of_tenant(connection, identity.tenant_id):
        if fence.id == fence_id:
            return fence
    raise FenceNotFoundError(fence_id)


def _shown(fence: fences.Geofence, whom: Mapping[uuid.UUID, geofences.Whom]) -> Json:
    named = geofences.form_of_whom(whom.get(fence.id, geofences.ALL))
    return {"id": str(fence.id), **fence_forms.form_of(fence), _WHOM: named}


def _feature(fence: fences.Geofence, whom: Mapping[uuid.UUID, geofences.Whom]) -> Json:
    shown = _shown(fence, whom)
    described = {name: value for name, value in shown.items() if name not in ("id", "geometry")}
    return {
        "type": "Feature",
        "id": shown["id"],
        "geometry": fence_drawing.area(fence.shape),
        "properties": {**described, "shape": shown["geometry"]["type"]},
    }


def _whom(form: Any) -> geofences.Whom:
    names = ("devices", "vehicles", "people", "groups")
    if not isinstance(form, Mapping) or any(name not in names for name in form):
        raise fences.FenceError(f"{_WHOM} has {', '.join(names)}")
    for name, value in form.items():
        if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            raise fences.FenceError(f"{_WHOM}: {name} is a list of texts")
    try:
        people = tuple(uuid.UUID(person) for person in form.get("people", ()))
    except ValueError:
        raise fences.FenceError(f"{_WHOM}: people are named by their ids") from None
    return geofences.Whom(
        devices=tuple(form.get("devices", ())),
        vehicles=tuple(form.get("vehicles", ())),
        groups=tuple(form.get("groups", ())),
        people=people,
    )
