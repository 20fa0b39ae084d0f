import datetime as dt
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import errors, fence_forms, fence_shapes, fences, geo, schedules

FENCE, TENANT = uuid.UUID(int=1), uuid.UUID(int=2)
CIRCLE: dict[str, Any] = {
    "name": "Depot",
    "geometry": {"type": "Point", "coordinates": [24.94, 60.17]},
    "radius_m": 150,
}

minutes = st.times().map(lambda time: time.replace(second=0, microsecond=0))
hours = st.builds(
    schedules.Schedule,
    start=minutes,
    end=minutes,
    days=st.frozensets(st.integers(1, 7), min_size=1),
    zone=st.sampled_from([None, "Europe/Paris"]),
)
rules = st.builds(
    fences.Rules,
    confirmations=st.integers(1, 9),
    confirm_s=st.floats(0, 900),
    dwell_s=st.none() | st.floats(1, 1e5),
    speed_limit_mps=st.none() | st.floats(0.5, 80),
    absence=st.none() | hours,
    guard=st.none() | hours,
    crossings=st.booleans(),
)
shapes = st.sampled_from(
    [
        fence_shapes.Circle(centre=geo.Position(60.17, 24.94), radius_m=150.0),
        fence_shapes.Corridor(line=((24.0, 60.0), (24.1, 60.0)), width_m=30.0),
        fence_shapes.polygon(
            ((24.0, 60.0), (24.1, 60.0), (24.1, 60.1)), ((24.08, 60.01), (24.09, 60.01), (24.09, 60.02))
        ),
        fence_shapes.Polygons(
            parts=tuple(
                fence_shapes.Polygon(shell=((lon, 60.0), (lon + 0.1, 60.0), (lon + 0.1, 60.1))) for lon in (24.0, 25.0)
            )
        ),
    ]
)


def fence_of(form: dict[str, Any]) -> fences.Geofence:
    return fence_forms.fence_of(form, fence_id=FENCE, tenant_id=TENANT, zone="Europe/Helsinki")


@given(shapes, rules, st.none() | hours, st.none() | st.dates())
def test_a_fence_comes_back_from_its_form(
    shape: fence_shapes.Shape, of: fences.Rules, schedule: schedules.Schedule | None, day: dt.date | None
) -> None:
    fence = fences.Geofence(
        id=FENCE,
        tenant_id=TENANT,
        name="Depot",
        shape=shape,
        zone="Europe/Helsinki",
        schedule=schedule,
        valid_from=day,
        floor_m=-3.5,
        rules=of,
    )

    assert fence_of(json.loads(json.dumps(fence_forms.form_of(fence)))) == fence


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "name is a text"),
        ({"name": "a\x00"}, "name is a text"),
        ({"colour": "red"}, "a geofence has no colour; known are ceiling_m"),
        ({"radius_m": True}, "radius_m is a number, not True"),
        ({"radius_m": float("nan")}, "radius_m is a number, not nan"),
        ({"radius_m": 10**400}, "radius_m is a number, not inf"),
        ({"floor_m": float("-inf")}, "floor_m is a number, not -inf"),
        ({"geometry": {"type": "Point", "coordinates": [10**400, 60]}}, "the coordinates are not those of a Point"),
        (
            {
                "geometry": {"type": "LineString", "coordinates": [[n / 1e4, 60] for n in range(20_001)]},
                "radius_m": None,
            }
            | {"width_m": 10},
            "20000 points are the most",
        ),
        (
            {
                "geometry": {"type": "LineString", "coordinates": [[120 * (n % 2), 60 + n / 10] for n in range(41)]},
                "radius_m": None,
                "width_m": 10,
            },
            "too many long edges",
        ),
        (
            {
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[*([100 * (n % 2) + 1, 60 + n / 10] for n in range(41)), [0, 70], [0, 60]]],
                },
                "radius_m": None,
            },
            "too many long edges",
        ),
        ({"rules": {"dwell_s": 1e15}}, "dwell_s is more than 0, and at most 31622400 s"),
        ({"rules": {"absence_grace_s": 1e300}}, "absence_grace_s is 0 to 31622400 s"),
        ({"radius_m": 0.1}, "a radius is 1 m"),
        ({"width_m": 5}, "width_m belongs to a LineString, not to a Point"),
        ({"geometry": {"type": "Circle"}, "radius_m": None}, "not a Circle"),
        ({"geometry": [24, 60]}, "the geometry is a GeoJSON geometry"),
        ({"geometry": {"type": "Point", "coordinates": [24]}}, "the coordinates are not those of a Point"),
        ({"geometry": {"type": "Point", "coordinates": [200, 60]}}, "not a position: latitude 60.0, longitude 200.0"),
        ({"geometry": {"type": "Polygon", "coordinates": []}, "radius_m": None}, "the coordinates are not those"),
        (
            {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "radius_m": None},
            "a ring has at least three different corners",
        ),
        ({"floor_m": 10, "ceiling_m": 5}, "the floor lies above the ceiling"),
        ({"valid_from": "2026-02-30"}, "valid_from is a day as 2026-03-01, not '2026-02-30'"),
        ({"valid_from": "2026-03-02", "valid_until": "2026-03-01"}, "valid until before"),
        ({"schedule": "22:00-06:00"}, "schedule is an object with from and to"),
        ({"schedule": {"from": "22:00"}}, "schedule: to is a time as 22:00, not None"),
        ({"schedule": {"from": "22:00", "to": "06:00", "days": [0]}}, "days are 1"),
        ({"schedule": {"from": "22:00", "to": "06:00", "days": 5}}, "days is a list of numbers"),
        ({"rules": {"confirmations": 0}}, "confirmations are 1 to 100, not 0"),
        ({"rules": {"confirmations": 2.5}}, "confirmations is a whole number"),
        ({"rules": {"crossings": "yes"}}, "crossings is true or false"),
        ({"rules": {"dwell_s": -1}}, "dwell_s is more than 0, and at most 31622400 s, not -1.0"),
        ({"rules": {"band_least_m": 60}}, "the band's least is 1 m or more, and not more than its most"),
        ({"rules": []}, ""),
        ({"rules": [1]}, "rules are an object"),
    ],
)
def test_what_can_not_be_meant_is_refused_in_a_sentence(change: dict[str, Any], said: str) -> None:
    if not said:
        assert fence_of({**CIRCLE, **change}).rules == fences.Rules()
        return
    with pytest.raises(errors.DomainError) as caught:
        fence_of({**CIRCLE, **change})

    assert said in str(caught.value)


def test_a_rule_that_is_null_is_as_usual() -> None:
    fence = fence_of({**CIRCLE, "rules": {"dwell_s": None, "confirm_s": None, "guard": None}})

    assert fence.rules == fences.Rules()
    assert fence_forms.rules_form(fence.rules) == {}


def test_a_fence_is_valid_from_the_first_to_the_last_local_day() -> None:
    fence = fence_of({**CIRCLE, "valid_from": "2026-03-02", "valid_until": "2026-03-03"})

    def at(day: int, hour: int) -> bool:
        return fence.is_in_force(dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC))

    # Helsinki is two hours ahead.
    assert [at(1, 21), at(1, 22), at(3, 21), at(3, 22)] == [False, True, True, False]
