"""`python -m db fence …` as an administrator runs it."""

import json
from pathlib import Path

import pytest

from tests.fixtures.database import Database
from tests.integration.db.command_line import Done, Run

CIRCLE = ("--circle", "60.17,24.94,150")


@pytest.fixture
def dsn(run: Run, database: Database) -> str:
    """A database with one tenant and two devices."""
    assert run(database.owner_dsn, "tenant", "add", "acme", "--time-zone", "Europe/Helsinki").code == 0
    assert run(database.owner_dsn, "device", "add", "van-01", "van-02", "--tenant", "acme").code == 0
    return database.owner_dsn


def fence(run: Run, dsn: str, *words: str) -> Done:
    return run(dsn, "fence", *words, "--tenant", "acme")


def listed(run: Run, dsn: str) -> list[dict[str, object]]:
    done = fence(run, dsn, "list", "--json")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_a_circle_with_hours_and_rules_is_listed_as_it_was_given(run: Run, dsn: str) -> None:
    rules = ("--rule", "dwell_s=600", "--rule", "guard=1-5 22:00-06:00", "--rule", "crossings=false")

    added = fence(run, dsn, "add", "Depot", *CIRCLE, "--kind", "depot", "--hours", "1-5 08:00-18:00", *rules)

    assert added.code == 0, added.err
    [shown] = listed(run, dsn)
    assert (shown["name"], shown["kind"], shown["radius_m"]) == ("Depot", "depot", 150.0)
    assert shown["geometry"] == {"type": "Point", "coordinates": [24.94, 60.17]}
    assert shown["schedule"] == {"days": [1, 2, 3, 4, 5], "from": "08:00", "to": "18:00", "zone": None}
    night = {"days": [1, 2, 3, 4, 5], "from": "22:00", "to": "06:00", "zone": None}
    assert shown["rules"] == {"dwell_s": 600.0, "guard": night, "crossings": False}
    assert shown["assigned_to"] == {"devices": [], "vehicles": [], "people": [], "groups": []}
    [line] = fence(run, dsn, "list").out.splitlines()
    assert line.startswith("Depot\tdepot\tcircle of 150 m around 60.170000,24.940000\t")
    assert line.endswith("\tall")


def test_outlines_come_from_geojson_wkt_and_lines(run: Run, dsn: str, tmp_path: Path) -> None:
    ring = [[24.9, 60.1], [25.0, 60.1], [25.0, 60.2], [24.9, 60.1]]
    feature = {
        "type": "Feature",
        "properties": {"colour": "red"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    file = tmp_path / "zone.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))

    done = [
        fence(run, dsn, "add", "Zone", "--geojson", str(file)),
        fence(run, dsn, "add", "Site", "--wkt", "POLYGON((24.9 60.1, 25 60.1, 25 60.2, 24.9 60.1))"),
        fence(run, dsn, "add", "Road", "--corridor", "60.1,24.9 60.1,25.0 60.2,25.0", "--width-m", "40"),
    ]

    assert [each.code for each in done] == [0, 0, 0], done
    shown = {str(each["name"]): each for each in listed(run, dsn)}
    assert shown["Zone"]["geometry"] == shown["Site"]["geometry"] == feature["geometry"]
    assert (shown["Road"]["width_m"], shown["Road"]["geometry"]["coordinates"][1]) == (40.0, [25.0, 60.1])  # type: ignore[index]


def test_editing_changes_what_is_given_and_nothing_else(run: Run, dsn: str) -> None:
    fence(run, dsn, "add", "Depot", *CIRCLE, "--rule", "dwell_s=600", "--device", "van-01", "--hours", "08:00-18:00")

    edited = fence(run, dsn, "edit", "Depot", "--name", "Yard", "--rule", "speed_limit_mps=8", "--rule", "dwell_s=")
    assert edited.code == 0, edited.err
    [shown] = listed(run, dsn)
    assert (shown["name"], shown["radius_m"], shown["rules"]) == ("Yard", 150.0, {"speed_limit_mps": 8.0})
    assert fence(run, dsn, "list").out.rstrip().endswith("\tvan-01")

    assert fence(run, dsn, "group", "Nights", "van-01", "van-02").code == 0
    assert fence(run, dsn, "edit", "Yard", "--group", "Nights", "--hours", "always").code == 0
    assert "\talways\t" in fence(run, dsn, "list").out
    assert fence(run, dsn, "list").out.rstrip().endswith("\tNights")
    assert fence(run, dsn, "edit", "Yard", "--all", "--wkt", "LINESTRING(24 60, 25 60)", "--width-m", "20").code == 0
    assert fence(run, dsn, "list").out.startswith("Yard\tzone\tcorridor of 2 points, 20 m wide\t")
    assert fence(run, dsn, "list").out.rstrip().endswith("\tall")


def test_altitudes_days_and_hours_are_taken_back_by_their_own_words(run: Run, dsn: str) -> None:
    bounds = ("--floor-m", "-10", "--ceiling-m", "120.5", "--valid-from", "2026-03-01", "--valid-until", "2026-05-31")
    assert fence(run, dsn, "add", "Depot", *CIRCLE, *bounds, "--hours", "08:00-18:00").code == 0
    assert fence(run, dsn, "list").out.split("\t")[3:6] == [
        "08:00-18:00",
        "2026-03-01 to 2026-05-31",
        "-10 m to 120.5 m",
    ]

    def after(*words: str) -> list[str]:
        done = fence(run, dsn, "edit", "Depot", *words)
        assert done.code == 0, done.err
        return fence(run, dsn, "list").out.split("\t")[3:6]

    assert after("--valid-from", "") == ["08:00-18:00", "up to 2026-05-31", "-10 m to 120.5 m"]
    assert after("--floor-m", "none") == ["08:00-18:00", "up to 2026-05-31", "up to 120.5 m"]
    assert after("--valid-from", "2026-04-01", "--valid-until", "none") == [
        "08:00-18:00",
        "from 2026-04-01",
        "up to 120.5 m",
    ]
    assert after("--ceiling-m", "", "--floor-m", "7") == ["08:00-18:00", "from 2026-04-01", "from 7 m"]
    assert after("--floor-m", "none", "--valid-from", "none", "--hours", "") == ["always", "any day", "any altitude"]
    [shown] = listed(run, dsn)
    assert [shown[name] for name in ("schedule", "valid_from", "valid_until", "floor_m", "ceiling_m")] == [None] * 5


@pytest.mark.parametrize(
    ("given", "days", "zone", "said"),
    [
        ("22:00-06:00", [1, 2, 3, 4, 5, 6, 7], None, "22:00-06:00"),
        ("22:00-06:00 Europe/Paris", [1, 2, 3, 4, 5, 6, 7], "Europe/Paris", "22:00-06:00 Europe/Paris"),
        ("1-3, 6,7 22:00-06:00 Etc/GMT-12", [1, 2, 3, 6, 7], "Etc/GMT-12", "1-3,6-7 22:00-06:00 Etc/GMT-12"),
    ],
)
def test_hours_name_days_and_a_zone_of_their_own(
    run: Run, dsn: str, given: str, days: list[int], zone: str | None, said: str
) -> None:
    added = fence(run, dsn, "add", "Depot", *CIRCLE, "--hours", given, "--rule", f"guard={given}")

    assert added.code == 0, added.err
    [shown] = listed(run, dsn)
    hours = {"days": days, "from": "22:00", "to": "06:00", "zone": zone}
    assert (shown["schedule"], shown["rules"]) == (hours, {"guard": hours})
    columns = fence(run, dsn, "list").out.split("\t")
    assert (columns[3], columns[6]) == (said, f"guard={said}")
    assert fence(run, dsn, "edit", "Depot", "--hours", said).code == 0
    assert listed(run, dsn) == [shown]


def test_rules_are_listed_in_the_words_in_which_they_are_given(run: Run, dsn: str) -> None:
    fence(run, dsn, "add", "Depot", *CIRCLE, "--rule", "dwell_s=600", "--rule", "crossings=false")
    fence(run, dsn, "add", "Yard", *CIRCLE)

    assert [line.split("\t")[6] for line in fence(run, dsn, "list").out.splitlines()] == [
        "dwell_s=600, crossings=false",
        "as usual",
    ]


def test_a_removed_fence_is_listed_no_more_and_its_name_is_free(run: Run, dsn: str) -> None:
    fence(run, dsn, "add", "Depot", *CIRCLE)

    assert fence(run, dsn, "remove", "Depot").code == 0
    assert listed(run, dsn) == []
    assert fence(run, dsn, "add", "Depot", *CIRCLE).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "A"), "where is it? give --geojson, --wkt, --circle or --corridor"),
        (("add", "A", *CIRCLE, "--wkt", "POINT(1 2)"), "give one of --geojson"),
        (("add", "A", "--circle", "60.17,24.94"), "--circle is LATITUDE,LONGITUDE,RADIUS, not '60.17,24.94'"),
        (("add", "A", "--circle", "24.94,160.17,0"), "a radius is 1 m to"),
        (("add", "A", "--wkt", "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))"), "geofence A: Self-intersection at"),
        (("add", "A", "--wkt", "POLYGON 0"), "--wkt: "),
        (("add", "A", "--wkt", "POINT(1 2)"), "a Point needs radius_m"),
        (("add", "A", "--corridor", "60,24 60,25"), "a LineString needs width_m"),
        (("add", "A", "--geojson", "/nowhere.json"), "/nowhere.json"),
        (("add", "A", *CIRCLE, "--kind", "castle"), "no kind of geofence is called 'castle'"),
        (("add", "A", *CIRCLE, "--hours", "night"), "hours are as `22:00-06:00`"),
        (("add", "A", *CIRCLE, "--hours", "25:00-06:00"), "schedule: from is a time as 22:00, not '25:00'"),
        (("add", "A", *CIRCLE, "--hours", "08:00-18:00 Mars/Olympus"), "Mars/Olympus"),
        (("add", "A", *CIRCLE, "--hours", "08:00-18:00 Europe/Paris now"), "or `1-5 08:00-18:00 Europe/Paris`, not"),
        (("add", "A", *CIRCLE, "--floor-m", "low"), "--floor-m is a number of metres, or none, not 'low'"),
        (("add", "A", *CIRCLE, "--ceiling-m", "nan"), "ceiling_m is a number, not nan"),
        (("add", "A", *CIRCLE, "--floor-m", "9", "--ceiling-m", "8"), "the floor lies above the ceiling"),
        (("add", "A", *CIRCLE, "--valid-from", "soon"), "valid_from is a day as 2026-03-01, not 'soon'"),
        (("add", "A", *CIRCLE, "--rule", "patience=3"), "rules has no patience; known are absence"),
        (("add", "A", *CIRCLE, "--rule", "dwell_s=long"), "dwell_s is a number"),
        (("add", "A", *CIRCLE, "--device", "van-09"), "no device van-09"),
        (("edit", "Nothing", "--kind", "depot"), "acme has no geofence 'Nothing'"),
        (("remove", "Nothing"), "acme has no geofence 'Nothing'"),
    ],
)
def test_what_can_not_be_meant_is_refused_in_a_sentence(run: Run, dsn: str, words: tuple[str, ...], said: str) -> None:
    done = fence(run, dsn, *words)

    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.err
    assert listed(run, dsn) == []
