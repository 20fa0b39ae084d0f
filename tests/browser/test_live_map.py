"""Units move on the map; it is a map without any tile server."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright import sync_api

from db.seed import roster
from domain import geo
from tests.browser import on_map, people, town, visitor
from tests.browser.conftest import Visit

_NEAR_DEG = 0.0002
_ON_DEG = 0.0012  # some 65 m: at once more than noise would be a jump
_AFAR, _ELSEWHERE = geo.Position(60.5, 25.5), geo.Position(60.1640, 24.9380)


def test_units_of_the_own_company_appear_and_move(visit: Visit, streets: town.Town) -> None:
    streets.move()

    dana = visit()

    on_map.wait(dana, len(town.of_demo()))
    before = on_map.stats(dana)["frames"]
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats["frames"] >= before + 3)


def test_a_unit_is_drawn_where_it_is_and_goes_on(visit: Visit, streets: town.Town) -> None:
    unit, start = town.of_demo()[2], town.where(5)
    streets.report(unit, start)
    dana = visit()
    first = on_map.place(dana, unit)
    assert abs(first["lat"] - start.lat) + abs(first["lon"] - start.lon) < _NEAR_DEG
    assert first["state"] == "moving"

    streets.report(unit, geo.Position(start.lat, start.lon + _ON_DEG))

    dana.wait_for(on_map.ask_place(dana, unit), lambda found: abs(found["lon"] - start.lon - _ON_DEG) < _NEAR_DEG)


def test_the_other_company_sees_its_own_alone(visit: Visit, streets: town.Town) -> None:
    streets.move()

    otto = visit(people.OTHER_DISPATCHER)

    on_map.wait(otto, len(town.of_other()))


def test_a_unit_of_the_list_opens_its_card(visit: Visit, streets: town.Town) -> None:
    streets.move()
    unit = town.of_demo()[1]
    dana = visit()

    on_map.choose(dana, unit)

    sync_api.expect(dana.page.locator("#unit-card")).to_contain_text("km/h")


def test_a_click_on_the_map_opens_the_card(visit: Visit, streets: town.Town) -> None:
    unit = town.of_demo()[2]
    streets.report(unit, town.MIDDLE, speed_mps=0.0)
    dana = visit()
    at = _at_rest(dana, unit)

    dana.page.mouse.click(at["x"], at["y"])

    sync_api.expect(dana.page.locator("#unit-card h2")).to_contain_text(unit.device)
    assert on_map.stats(dana)["selected"] == on_map.device_id(dana, unit)


def test_the_map_follows_a_unit_and_draws_its_trail(visit: Visit, streets: town.Town) -> None:
    streets.move()
    unit = town.of_demo()[1]
    dana = visit()
    on_map.choose(dana, unit)

    dana.page.locator("#follow-switch").check()

    for _ in range(2):
        last = on_map.place(dana, unit)["lon"]
        dana.wait_for(visitor.MAP_STATS, lambda stats, last=last: stats["center"][0] > last + _NEAR_DEG)  # type: ignore[misc]
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats["trail"] >= 3)


def test_fixes_that_no_way_goes_through_are_shown_on_request(visit: Visit, streets: town.Town) -> None:
    unit = town.of_demo()[1]
    streets.report(unit, town.MIDDLE, age_s=20.0)
    streets.report(unit, _AFAR, age_s=10.0)
    dana = visit()
    on_map.choose(dana, unit)
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats["trail"] > 0)
    assert on_map.stats(dana)["flawed"] == 0

    dana.page.locator("#flawed-switch").check()

    dana.wait_for(visitor.MAP_STATS, lambda stats: stats["flawed"] == 1)
    dana.page.locator("#flawed-switch").uncheck()
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats["flawed"] == 0)


def test_a_unit_that_was_not_heard_of_is_hollow(visit: Visit, streets: town.Town) -> None:
    silent, heard = town.of_demo()[1:3]
    streets.report(silent, town.where(1), age_s=90.0)
    streets.report(heard, town.where(2))

    dana = visit()

    on_map.wait(dana, 2)
    assert on_map.place(dana, silent)["state"] == "stale"
    assert on_map.place(dana, heard)["state"] == "moving"


def test_the_map_opens_where_the_fleet_is(visit: Visit, streets: town.Town) -> None:
    streets.report(town.of_demo()[1], _AFAR)

    dana = visit()

    dana.wait_for(visitor.MAP_STATS, lambda stats: stats is not None and _is_at(stats, _AFAR))


def _fly(dana: visitor.Visitor) -> None:
    dana.evaluate(f"() => window.driveops.map.flyTo({_ELSEWHERE.lat}, {_ELSEWHERE.lon})")
    dana.wait_for(visitor.MAP_STATS, lambda stats: _is_at(stats, _ELSEWHERE))


def _drag(dana: visitor.Visitor) -> None:
    box = dana.page.locator("#live-map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = on_map.stats(dana)["center"]
    dana.page.mouse.move(x, y)
    dana.page.mouse.down()
    dana.page.mouse.move(x + 150, y + 50, steps=5)
    dana.page.mouse.up()
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats["center"] != before)
    dana.page.wait_for_timeout(2_000)  # it glides on


@pytest.mark.parametrize("go", [_fly, _drag])
def test_whoever_has_gone_elsewhere_stays_there(
    visit: Visit, streets: town.Town, go: Callable[[visitor.Visitor], None]
) -> None:
    streets.report(town.of_demo()[1], _AFAR)
    dana = visit(None)
    held: list[sync_api.Route] = []
    dana.page.route("**/api/v1/units", lambda route: held.append(route))  # noqa: PLW0108 - Playwright takes no built-in
    dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats is not None and stats["zoom"] is not None and bool(held))
    go(dana)
    lon, lat = on_map.stats(dana)["center"]

    with dana.page.expect_response("**/api/v1/units"):
        for route in held:
            route.continue_()

    dana.page.wait_for_timeout(1_000)
    assert _is_at(on_map.stats(dana), geo.Position(lat, lon))


def test_a_fleet_on_both_sides_of_180_degrees_is_one_place(visit: Visit) -> None:
    dana = visit()
    dana.wait_for("() => document.readyState", lambda state: state == "complete")

    asked = "() => [[[179, -17], [-179, -16]], [[24, 60], [25, 61], [-10, 50]]].map(window.driveops.mapShapes.bounds)"

    assert dana.evaluate(asked) == [[179, -17, 181, -16], [-10, 50, 25, 61]]


def test_a_trail_keeps_ten_minutes(visit: Visit) -> None:
    dana = visit()
    dana.wait_for("() => document.readyState", lambda state: state == "complete")

    left = dana.evaluate("""() => {
        const trail = new window.driveops.MapTrail();
        const minute = (n) => Date.parse("2026-01-01T10:00:00Z") + n * 60e3;
        trail.read([0, 4, 8].map((n) => ({time: new Date(minute(n)).toISOString(), lat: 60, lon: 24 + n, flags: []})));
        trail.add(minute(12), [36, 60]);
        trail.cut(minute(13));
        return trail.places.map(([lon]) => lon - 24);
    }""")

    assert left == [4, 8, 12]


def test_nothing_is_sent_for_a_map_that_was_left(visit: Visit, streets: town.Town) -> None:
    streets.move()
    dana = visit(None)
    frames: list[bytes] = []
    dana.page.on(
        "websocket",
        lambda socket: socket.on(
            "framereceived", lambda data: frames.append(data) if isinstance(data, bytes) else None
        ),
    )
    dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)
    on_map.wait(dana, len(town.of_demo()))

    dana.page.get_by_role("link", name="Alerts").first.click()
    sync_api.expect(dana.page.locator("#live-map")).to_have_count(0)
    dana.page.wait_for_timeout(2_000)  # what was under way
    before = len(frames)
    dana.page.wait_for_timeout(3_000)

    assert before > 0
    assert len(frames) == before


def _at_rest(dana: visitor.Visitor, unit: roster.Unit) -> dict[str, float]:
    """Where a unit is once the map has found its place."""
    before: dict[str, float] = {}
    for _ in range(50):
        found = on_map.place(dana, unit)
        if before and abs(found["x"] - before["x"]) + abs(found["y"] - before["y"]) < 1:
            return found
        before = found
        dana.page.wait_for_timeout(500)
    raise AssertionError(f"the map does not rest: {before}")


def _is_at(stats: dict[str, Any], place: geo.Position) -> bool:
    return (
        stats["center"] is not None
        and abs(stats["center"][0] - place.lon) + abs(stats["center"][1] - place.lat) < _NEAR_DEG
    )
