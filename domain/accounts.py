"""Accounts of people who look at DriveOps: their roles and what each may do."""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum

from domain import errors


class Role(StrEnum):
    """What an account is for; each may do what the ones after it may."""

    ADMIN = "admin"  # accounts and settings as well
    MANAGER = "manager"  # service figures as well
    DISPATCHER = "dispatcher"  # the live map and the alerts


class Permission(StrEnum):
    """Something that not everybody may."""

    SEE_LIVE = "see_live"  # units, positions, alerts
    HANDLE_ALERTS = "handle_alerts"  # acknowledge, resolve
    SEE_FIGURES = "see_figures"  # the service pages
    MANAGE_ACCOUNTS = "manage_accounts"


_DISPATCHER = frozenset({Permission.SEE_LIVE, Permission.HANDLE_ALERTS})
_MANAGER = _DISPATCHER | {Permission.SEE_FIGURES}

PERMISSIONS = {
    Role.DISPATCHER: _DISPATCHER,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: _MANAGER | {Permission.MANAGE_ACCOUNTS},
}


class NotPermittedError(errors.DomainError):
    """The account's role does not allow it."""

    code = "not_permitted"


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
