"""The town's basemap: an extract's water, parks, buildings, rails, roads and names as vector tiles in one PMTiles file."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import osmium

from stack import errors
from stack.town import extract

#: Layers of the tiles, in the order in which a map draws them.
LAYERS = ("land", "water", "building", "rail", "road", "place")
_MIN_ZOOM, _MAX_ZOOM = 11, 16
_TIME_LIMIT_S = 120

_MAIN = ("primary", "secondary", "tertiary")
_STREET = ("unclassified", "residential", "living_street", "pedestrian", "service")
_PATH = ("footway", "cycleway", "path", "steps")
_GREEN = {
    "landuse": ("grass", "forest", "meadow", "recreation_ground"),
    "leisure": ("park", "garden", "pitch", "playground"),
}
_WATER = {"natural": ("water",), "landuse": ("basin", "pond"), "waterway": ("riverbank", "dock")}
_PLACES = ("amenity", "shop", "tourism", "railway", "public_transport", "place")


class BasemapError(errors.StackError):
    """The tiles cannot be made; the message says why."""


def build(source: Path, target: Path) -> None:
    """Write the tiles of an extract to `target`; working files stay beside it.

    Raises:
        BasemapError: tippecanoe is missing or fails.
    """
    folder = target.parent
    files = {layer: folder / f"{layer}.geojsonl" for layer in LAYERS}
    _write_features(source, files)
    command = [str(Path(sys.executable).with_name("tippecanoe")), "--quiet", "--force", f"--output={target.name}"]
    command += [
        f"--minimum-zoom={_MIN_ZOOM}",
        f"--maximum-zoom={_MAX_ZOOM}",
        "--no-tile-size-limit",
        "--no-feature-limit",
    ]
    command += ["--simplification=4", "--no-tiny-polygon-reduction", "--projection=EPSG:4326"]
    command += ["--name=Town", f"--attribution={extract.ATTRIBUTION}"]
    command += [argument for layer, file in files.items() for argument in ("-L", f"{layer}:{file.name}")]
    try:
        # Run in the folder: tippecanoe writes its arguments into the tiles, and a path of this machine is nobody's business.
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_TIME_LIMIT_S)
    except FileNotFoundError:
        raise BasemapError(f"tippecanoe is missing beside {sys.executable}: install the extra 'town'") from None
    except subprocess.CalledProcessError as error:
        raise BasemapError(f"tippecanoe failed: {error.stderr.strip()}") from error
    for file in files.values():
        file.unlink()


def _write_features(source: Path, files: Mapping[str, Path]) -> None:
    handles: dict[str, TextIO] = {layer: file.open("w", encoding="utf-8") for layer, file in files.items()}
    try:
        for layer, feature in _features(source):
            handles[layer].write(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) + "\n")
    finally:
        for handle in handles.values():
            handle.close()


def _features(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    draw = osmium.geom.GeoJSONFactory()
    for item in osmium.FileProcessor(str(source)).with_locations().with_areas():
        tags = {tag.k: tag.v for tag in item.tags}
        try:
            if isinstance(item, osmium.osm.Area):
                for layer, properties in _area(tags):
                    yield layer, _feature(draw.create_multipolygon(item), properties)
            elif isinstance(item, osmium.osm.Way):
                for layer, properties in _line(tags):
                    yield layer, _feature(draw.create_linestring(item), properties)
            elif isinstance(item, osmium.osm.Node) and (kind := _place(tags)):
                yield "place", _feature(draw.create_point(item), {"kind": kind, "name": tags["name"]}, min_zoom=15)
        except (osmium.InvalidLocationError, RuntimeError):
            # A way or area whose points lie partly outside of the extract cannot be drawn as a whole.
            continue


def _place(tags: Mapping[str, str]) -> str | None:
    return next((tags[key] for key in _PLACES if key in tags), None) if "name" in tags else None


def _area(tags: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if tags.get("building", "no") != "no":
        yield "building", _named({"kind": "building"}, tags)
    elif any(tags.get(key) in values for key, values in _WATER.items()):
        yield "water", _named({"kind": "water"}, tags)
    elif any(tags.get(key) in values for key, values in _GREEN.items()):
        yield "land", _named({"kind": "green"}, tags)
    elif tags.get("highway") in ("pedestrian", "footway", "platform"):
        yield "land", _named({"kind": "square"}, tags)


def _line(tags: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    highway = tags.get("highway", "").removesuffix("_link")
    if tags.get("area") == "yes" or tags.get("indoor") == "yes":
        return
    for kind, values in (("main", _MAIN), ("street", _STREET), ("path", _PATH)):
        if highway in values:
            properties = {"kind": kind, "highway": highway, "tunnel": tags.get("tunnel") == "yes"}
            if "oneway" in tags:
                properties["oneway"] = tags["oneway"] in ("yes", "-1")
            yield "road", _named(properties, tags)
    if tags.get("railway") in ("rail", "tram"):
        yield "rail", {"kind": tags["railway"]}
    if tags.get("waterway") in ("river", "stream", "canal"):
        yield "water", _named({"kind": "stream"}, tags)


def _named(properties: dict[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Add the names: `name`, and the Swedish one where it differs, as street signs there show both."""
    if "name" in tags:
        properties["name"] = tags["name"]
        if tags.get("name:sv", tags["name"]) != tags["name"]:
            properties["name_sv"] = tags["name:sv"]
    return properties


def _feature(geometry: str, properties: dict[str, Any], *, min_zoom: int | None = None) -> dict[str, Any]:
    feature: dict[str, Any] = {"type": "Feature", "geometry": json.loads(geometry), "properties": properties}
    if min_zoom is not None:
        feature["tippecanoe"] = {"minzoom": min_zoom}
    return feature
