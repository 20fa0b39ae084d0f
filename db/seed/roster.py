"""Who is in the fleet: the companies, their vehicles and guards, the names of their devices and the fobs that they carry.

The seed of the database and the simulator both name by these rules, so that whoever moves is known.
"""

from dataclasses import dataclass
from enum import StrEnum

#: The companies: the demo's own, and a smaller one that must never be seen by it.
DEMO, OTHER = "demo", "kaleva"
#: One unit of so many is of the other company, one of so many goes on foot.
_OTHER_EVERY, _GUARD_EVERY = 5, 4
#: Vans are counted from here, so that with more or fewer of them everybody else stays who they are.
_FIRST_VAN = 1_000_000


class Kind(StrEnum):
    """What a unit is."""

    GATEWAY_VAN = "gateway_van"  # its receiver and button are on a serial line, a real gateway reads them
    VEHICLE = "vehicle"
    GUARD = "guard"  # on foot


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
    listed = [
        Unit(
            number=_FIRST_VAN + place,
            kind=Kind.GATEWAY_VAN,
            tenant=DEMO,
            device=f"van-{place + 1:02d}",
            fob=f"FOB-V{place + 1:04d}",
        )
        for place in range(vans)
    ]
    counts: dict[tuple[str, Kind | None], int] = {}
    for number in range(units - vans):
        tenant = OTHER if number % _OTHER_EVERY == _OTHER_EVERY - 2 else DEMO
        kind = Kind.GUARD if number % _GUARD_EVERY == 2 else Kind.VEHICLE  # noqa: PLR2004
        place, of_all = (_count(counts, tenant, key) for key in (kind, None))
        device = f"{'guard' if kind is Kind.GUARD else 'unit'}-{place:05d}"
        listed.append(Unit(number=number, kind=kind, tenant=tenant, device=device, fob=f"FOB-{of_all:05d}"))
    return tuple(listed)


def _count(counts: dict[tuple[str, Kind | None], int], tenant: str, kind: Kind | None) -> int:
    counts[tenant, kind] = counts.get((tenant, kind), 0) + 1
    return counts[tenant, kind]
