"""The town's streets in one file: the network of cars, that of walkers, and the ways through both."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stack.town import network, network_build, pace, plane, roads, routing, survey

#: The middle of the extract.
GROUND = plane.Plane(lat=60.1716, lon=24.9443)
_CAR_DESTINATIONS, _WALKER_DESTINATIONS = 96, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Streets:
    """All that moving about in the town needs. `names` are those that `Network.edge_name` counts; the first is none."""

    ground: plane.Plane
    names: tuple[str, ...]
    drive: network.Network
    drive_routes: routing.Routes
    walk: network.Network
    walk_routes: routing.Routes


def build(extract: Path) -> Streets:
    """Build the streets from an OpenStreetMap extract."""
    seen = survey.read(extract)
    names = ("", *sorted({way.tags["name"] for way in seen.ways if "name" in way.tags}))
    drive = network_build.build(seen, roads.drivable, GROUND, names)
    walk = network_build.build(seen, roads.walkable, GROUND, names)
    return Streets(
        ground=GROUND,
        names=names,
        drive=drive,
        drive_routes=routing.plan(drive, pace.CAR, _CAR_DESTINATIONS),
        walk=walk,
        walk_routes=routing.plan(walk, pace.WALKER, _WALKER_DESTINATIONS),
    )


def save(streets: Streets, file: Path) -> None:
    """Write the streets as a compressed npz."""
    about = json.dumps({"lat": streets.ground.lat, "lon": streets.ground.lon, "names": streets.names})
    np.savez_compressed(
        file,
        about=np.array(about),
        **streets.drive.arrays("drive."),  # type: ignore[arg-type]
        **streets.drive_routes.arrays("drive_routes."),  # type: ignore[arg-type]
        **streets.walk.arrays("walk."),  # type: ignore[arg-type]
        **streets.walk_routes.arrays("walk_routes."),  # type: ignore[arg-type]
    )


def load(file: Path) -> Streets:
    """Read what `save` wrote."""
    with np.load(file) as stored:
        arrays = dict(stored)
    about = json.loads(str(arrays["about"]))
    return Streets(
        ground=plane.Plane(lat=about["lat"], lon=about["lon"]),
        names=tuple(about["names"]),
        drive=network.from_arrays(arrays, "drive."),
        drive_routes=routing.from_arrays(arrays, "drive_routes."),
        walk=network.from_arrays(arrays, "walk."),
        walk_routes=routing.from_arrays(arrays, "walk_routes."),
    )
