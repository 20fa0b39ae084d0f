"""Fixes as bytes, one body each: how the outbox and the record of the last hour keep them."""

import json
from collections.abc import Iterable

from domain import telemetry
from domain.wire import fields, fixes


def encode(taken: Iterable[telemetry.Fix]) -> list[bytes]:
    """The bodies in the order given; a fix before the first day of GPS has no place in the contract and is left out."""
    return [fields.dump(fixes.encode_fix(fix)) for fix in taken if fix.time >= fixes.EARLIEST]


def decode(body: bytes) -> telemetry.Fix | None:
    """The fix in a body; None where it is torn or against the contract: a worn disk must not stop the others."""
    try:
        return fixes.decode_fix(json.loads(body))
    except (fields.WireError, ValueError):
        return None
