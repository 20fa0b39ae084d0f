"""Accounts of people who look at DriveOps: their roles and what each may do."""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum

from domain import errors

MOST_FAILURES = 5
"""So many wrong passwords lock an account …"""
LOCK_FOR = dt.timedelta(minutes=15)
"""… for so long."""
SESSION_LIFE = dt.timedelta(hours=12)
IDLE_LIFE = dt.timedelta(hours=2)
"""A session ends when it was not used for so long, whatever is left of its life."""
LINK_LIFE = dt.timedelta(days=2)
LEAST_PASSWORD_LENGTH = 10


class Role(StrEnum):
    """What an account is for; each may do what the ones after it may."""

    ADMIN = "admin"  # accounts and settings as well
    MANAGER = "manager"  # service figures, devices and geofences as well
    DISPATCHER = "dispatcher"  # the live map and the alerts


class Permission(StrEnum):
    """Something that not everybody may."""

    SEE_LIVE = "see_live"  # units, positions, alerts
    HANDLE_ALERTS = "handle_alerts"  # acknowledge, resolve
    SEE_FIGURES = "see_figures"  # the service pages
    MANAGE_DEVICES = "manage_devices"  # register, adopt
    MANAGE_GEOFENCES = "manage_geofences"
    MANAGE_ACCOUNTS = "manage_accounts"
    SEE_REJECTS = "see_rejects"  # whole messages, positions and all
    SEE_AUDIT = "see_audit"  # who did and read what


_DISPATCHER = frozenset({Permission.SEE_LIVE, Permission.HANDLE_ALERTS})
_MANAGER = _DISPATCHER | {Permission.SEE_FIGURES, Permission.MANAGE_DEVICES, Permission.MANAGE_GEOFENCES}

PERMISSIONS = {
    Role.DISPATCHER: _DISPATCHER,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: _MANAGER | {Permission.MANAGE_ACCOUNTS, Permission.SEE_REJECTS, Permission.SEE_AUDIT},
}


class NotPermittedError(errors.DomainError):
    """The account's role does not allow it."""

    code = "not_permitted"


class LoginError(errors.DomainError):
    """The login is no e-mail address."""

    code = "bad_login"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a request comes from, by its session."""

    tenant_id: uuid.UUID
    tenant_slug: str
    tenant_name: str
    time_zone: str  #: IANA name; local days go by it
    account_id: uuid.UUID
    name: str  #: as others see it on alerts
    role: Role
    session_expires_at: dt.datetime

    def may(self, permission: Permission) -> bool:
        """Whether the role allows it."""
        return permission in PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        """Insist on a permission.

        Raises:
            NotPermittedError: the role does not allow it.
        """
        if not self.may(permission):
            raise NotPermittedError(f"the role {self.role} may not do this ({permission})")


def require_login(login: str) -> str:
    """The login as it is kept: an e-mail address in lower case.

    >>> require_login(" Dana@Example.org ")
    'dana@example.org'

    Raises:
        LoginError: it is no e-mail address.
    """
    name, _, host = login.strip().lower().partition("@")
    if not name or not host or any(letter.isspace() for letter in name + host):
        raise LoginError(f"{login!r} is no e-mail address")
    return f"{name}@{host}"
