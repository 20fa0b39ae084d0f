"""The places that the demo's companies watch, in central Helsinki; outlines drawn by hand, good to some ten metres."""

from dataclasses import dataclass

from domain import fence_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place to be watched: longitudes and latitudes in degrees."""

    name: str
    kind: str
    outline: fence_shapes.Ring
    holes: tuple[fence_shapes.Ring, ...] = ()


def _box(west: float, south: float, east: float, north: float) -> fence_shapes.Ring:
    return ((west, south), (east, south), (east, north), (west, north))


DEMO_PLACES = (
    Place(
        name="Railway Square",
        kind="stand",
        outline=((24.9424, 60.1708), (24.9452, 60.1711), (24.9449, 60.1726), (24.9421, 60.1723)),
    ),
    Place(name="Taxi stand Elielinaukio", kind="stand", outline=_box(24.9382, 60.1712, 24.9402, 60.1724)),
    Place(
        name="Market Square",
        kind="patrol_site",
        outline=((24.9503, 60.1671), (24.9528, 60.1674), (24.9529, 60.1683), (24.9502, 60.1680)),
    ),
    Place(
        name="Senate Square",
        kind="patrol_site",
        outline=((24.9509, 60.1691), (24.9530, 60.1692), (24.9529, 60.1701), (24.9508, 60.1700)),
    ),
    Place(
        name="Esplanadi Park",
        kind="patrol_site",
        outline=((24.9437, 60.1668), (24.9501, 60.1675), (24.9499, 60.1681), (24.9435, 60.1674)),
    ),
    Place(name="Parking house Kluuvi", kind="parking", outline=_box(24.9474, 60.1690, 24.9492, 60.1699)),
    Place(name="Parking house Forum", kind="parking", outline=_box(24.9366, 60.1684, 24.9392, 60.1697)),
    Place(
        name="Depot Kasarmitori",
        kind="depot",
        outline=((24.9465, 60.1646), (24.9489, 60.1647), (24.9488, 60.1658), (24.9464, 60.1657)),
    ),
    Place(name="Central Library", kind="patrol_site", outline=_box(24.9372, 60.1735, 24.9392, 60.1746)),
    Place(name="Museum block", kind="patrol_site", outline=_box(24.9436, 60.1699, 24.9456, 60.1707)),
    Place(name="Department store Aleksanterinkatu", kind="customer", outline=_box(24.9409, 60.1680, 24.9434, 60.1690)),
    # The botanical garden in its midst is another's.
    Place(
        name="Kaisaniemi Park",
        kind="patrol_site",
        outline=((24.9430, 60.1731), (24.9489, 60.1727), (24.9494, 60.1765), (24.9436, 60.1770)),
        holes=(((24.9446, 60.1744), (24.9482, 60.1742), (24.9484, 60.1762), (24.9448, 60.1764)),),
    ),
    Place(name="City centre", kind="zone", outline=_box(24.9355, 60.1655, 24.9525, 60.1735)),
)

OTHER_PLACES = (
    Place(name="Courier hub Kluuvi", kind="depot", outline=_box(24.9456, 60.1684, 24.9474, 60.1694)),
    Place(name="Office block Kaivokatu", kind="customer", outline=_box(24.9400, 60.1699, 24.9424, 60.1706)),
    Place(name="South district", kind="zone", outline=_box(24.9370, 60.1640, 24.9500, 60.1668)),
)
