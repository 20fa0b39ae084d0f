import datetime as dt
import uuid
from collections.abc import Sequence

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from db import fix_rows
from domain import geo, geofencing
from ingest import fence_engine, fence_watch

TENANTS = (uuid.UUID(int=1), uuid.UUID(int=2))
# Whole and half numbers: both sides compute exactly, so that points on edges and corners are a fair question.
coordinates = st.integers(-8, 8).map(lambda n: n / 2)


@st.composite
def fences(draw: st.DrawFn) -> list[geofencing.Geofence]:
    drawn = []
    for number in range(draw(st.integers(0, 6))):
        x, y = draw(coordinates), draw(coordinates)
        width, height = draw(st.integers(1, 6)), draw(st.integers(1, 6))
        shape = draw(st.sampled_from(["box", "triangle", "l", "holed"]))
        shell = {
            "box": [(x, y), (x + width, y), (x + width, y + height), (x, y + height)],
            "triangle": [(x, y), (x + width, y), (x, y + height)],
            "l": [(x, y), (x + 2, y), (x + 2, y + 1), (x + 1, y + 1), (x + 1, y + 2), (x, y + 2)],
            "holed": [(x, y), (x + 3, y), (x + 3, y + 3), (x, y + 3)],
        }[shape]
        holes: tuple[geofencing.Ring, ...] = ()
        if shape == "holed":
            holes = ([(x + 1, y + 1), (x + 2, y + 1), (x + 2, y + 2), (x + 1, y + 2)],)
        tenant = draw(st.sampled_from(TENANTS))
        drawn.append(
            geofencing.Geofence(
                id=uuid.UUID(int=100 + number), tenant_id=tenant, name=f"f{number}", shell=shell, holes=holes
            )
        )
    return drawn


@st.composite
def tracks(draw: st.DrawFn) -> list[list[tuple[float, float]]]:
    """Latitude and longitude of the fixes of a few devices."""
    return draw(st.lists(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=8), max_size=4))


def engine_of(drawn: Sequence[geofencing.Geofence]) -> fence_engine.FenceEngine:
    return fence_engine.FenceEngine(
        [fence_engine.Fence(id=f.id, tenant_id=f.tenant_id, polygon=shapely.Polygon(f.shell, f.holes)) for f in drawn]
    )


def time_of(index: int) -> dt.datetime:
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=index)


@given(fences(), st.lists(st.tuples(coordinates, coordinates, st.sampled_from(TENANTS)), max_size=30))
def test_inside_is_what_the_domain_says(
    drawn: list[geofencing.Geofence], points: list[tuple[float, float, uuid.UUID]]
) -> None:
    engine = engine_of(drawn)

    row, fence = engine.inside(
        np.array([lat for lat, _, _ in points]),
        np.array([lon for _, lon, _ in points]),
        np.array([engine.tenant_index(tenant) for _, _, tenant in points], np.int64),
    )

    found = {(r, engine.fences[f].id) for r, f in zip(row.tolist(), fence.tolist(), strict=True)}
    expected = {
        (index, f.id)
        for index, (lat, lon, tenant) in enumerate(points)
        for f in drawn
        if f.tenant_id == tenant and geofencing.contains(f, geo.Position(lat, lon))
    }
    assert found == expected


@given(fences(), tracks(), st.data())
def test_crossings_are_what_the_domain_says_in_any_batching(
    drawn: list[geofencing.Geofence], devices: list[list[tuple[float, float]]], data: st.DataObject
) -> None:
    tenant = TENANTS[0]
    watch = fence_watch.FenceWatch()
    watch.load((f.id, f.tenant_id, shapely.Polygon(f.shell, f.holes).wkb) for f in drawn)
    cuts = [data.draw(st.integers(0, len(track))) for track in devices]

    found = []
    for is_second in (False, True):
        chosen = [
            (slot, index)
            for slot, track in enumerate(devices)
            for index in range(len(track))
            if (index >= cuts[slot]) is is_second
        ]
        rows = np.zeros(len(chosen), np.dtype([*fix_rows.FIX_FIELDS, ("slot", "i4")]))
        for row, (slot, index) in zip(rows, chosen, strict=True):
            row["slot"], row["device_id"], row["time_us"] = slot, slot, index
            row["lat"], row["lon"] = devices[slot][index]
        tenants = np.full(len(rows), watch.engine.tenant_index(tenant), np.int64)
        crossings = watch.judge(rows, fix_rows.run_starts(rows["slot"]), tenants)
        watch.apply(crossings, crossings["device_id"].astype(np.int64))
        found += [
            (int(c["device_id"]), int(c["time_us"]), uuid.UUID(bytes=bytes(c["geofence_id"])), bool(c["entered"]))
            for c in crossings
        ]

    expected = []
    for slot, track in enumerate(devices):
        before: set[uuid.UUID] = set()
        for index, (lat, lon) in enumerate(track):
            inside = {f.id for f in drawn if f.tenant_id == tenant and geofencing.contains(f, geo.Position(lat, lon))}
            expected += [
                (slot, index, moved.fence_id, moved.kind is geofencing.TransitionKind.ENTERED)
                for moved in geofencing.transitions(before=before, now_inside=inside, time=time_of(index))
            ]
            before = inside
    assert sorted(found) == sorted(expected)


def test_a_device_parked_inside_enters_once() -> None:
    box = shapely.box(0, 0, 1, 1)
    watch = fence_watch.FenceWatch()
    watch.load([(uuid.UUID(int=100), TENANTS[0], box.wkb)])
    rows = np.zeros(3, np.dtype([*fix_rows.FIX_FIELDS, ("slot", "i4")]))
    rows["lat"], rows["lon"], rows["time_us"] = 0.5, 0.5, [1, 2, 3]
    tenants = np.zeros(3, np.int64)

    first = watch.judge(rows, np.array([0]), tenants)
    watch.apply(first, np.zeros(len(first), np.int64))
    again = watch.judge(rows, np.array([0]), tenants)

    assert first["entered"].tolist() == [True]
    assert len(again) == 0


def test_a_fence_that_is_watched_no_more_is_left_without_a_crossing() -> None:
    watch = fence_watch.FenceWatch()
    watch.load([(uuid.UUID(int=100), TENANTS[0], shapely.box(0, 0, 1, 1).wkb)])
    watch.set_presence([0], {0: frozenset([uuid.UUID(int=100)])})

    watch.load([])
    rows = np.zeros(1, np.dtype([*fix_rows.FIX_FIELDS, ("slot", "i4")]))
    crossings = watch.judge(rows, np.array([0]), np.zeros(1, np.int64))

    assert len(crossings) == 0
