"""Who is in the fleet: the companies, their vehicles and guards, the names of their devices and the fobs that they carry.

The seed of the database and the simulator both name by these rules, so that whoever moves is known.
"""

from dataclasses import dataclass
from enum import StrEnum

#: The companies: the demo's own, and a smaller one that must never be seen by it.
DEMO, OTHER = "demo", "kaleva"
#: One unit of so many is of the other company, one of so many goes on foot.
_OTHER_EVERY, _GUARD_EVERY = 5, 4


class Kind(StrEnum):
    """What a unit is."""

    GATEWAY_VAN = "gateway_van"  # its receiver and button are on a serial line, a real gateway reads them
    VEHICLE = "vehicle"
    GUARD = "guard"  # on foot


_NAME = {Kind.GATEWAY_VAN: "van-{:02d}", Kind.VEHICLE: "unit-{:05d}", Kind.GUARD: "guard-{:05d}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of the fleet. `number` is what chance knows of it; `fob` is the code of the button that it carries."""

    number: int
    kind: Kind
    tenant: str
    device: str
    fob: str


def enlist(*, units: int, gateways: int) -> tuple[Unit, ...]:
    """List a fleet of so many units, of which so many (all of them `DEMO`) are vans with real gateways.

    >>> [f"{unit.tenant}/{unit.device}" for unit in enlist(units=5, gateways=1)]
    ['demo/van-01', 'demo/unit-00001', 'demo/unit-00002', 'demo/guard-00001', 'kaleva/unit-00001']
    """
    vans = min(units, gateways)
    counts: dict[tuple[str, Kind], int] = {}
    fobs: dict[str, int] = {}
    listed = []
    for number in range(units):
        place = number - vans
        tenant = OTHER if place >= 0 and place % _OTHER_EVERY == _OTHER_EVERY - 2 else DEMO
        kind = Kind.GATEWAY_VAN if place < 0 else Kind.GUARD if place % _GUARD_EVERY == 2 else Kind.VEHICLE  # noqa: PLR2004
        counts[tenant, kind] = counts.get((tenant, kind), 0) + 1
        fobs[tenant] = fobs.get(tenant, 0) + 1
        device = _NAME[kind].format(counts[tenant, kind])
        listed.append(Unit(number=number, kind=kind, tenant=tenant, device=device, fob=f"FOB-{fobs[tenant]:05d}"))
    return tuple(listed)
