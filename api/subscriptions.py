"""Who may hear of whom on the live socket (R57): one's own tenant's people."""

import uuid

import sqlalchemy as sa

from db import engine, live_reads
from domain import accounts, errors


class PersonNotFoundError(errors.DomainError):
    """The tenant has no such person."""

    code = "person_not_found"


class BookingNotFoundError(errors.DomainError):
    """The tenant has no such booking: none exist yet."""

    code = "booking_not_found"


def devices_of(source: sa.Engine, identity: accounts.Identity, person_id: uuid.UUID) -> frozenset[int]:
    """The devices of a person whom this account may follow; blocking.

    Raises:
        NotPermittedError: the role may not.
        PersonNotFoundError: this tenant has no such person.
    """
    identity.require(accounts.Permission.SEE_LIVE)
    with engine.tenant_transaction(source, identity.tenant_id) as connection:
        found = live_reads.devices_of_person(connection, identity.tenant_id, person_id)
    if found is None:
        raise PersonNotFoundError(f"no person {person_id}")
    return found


class TooManyFollowedError(errors.DomainError):
    """A socket follows as many people as it may."""

    code = "too_many_followed"
