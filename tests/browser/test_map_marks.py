"""What the graphics really show: each state in its colour, near by and from afar, in light and dark, and after the graphics were lost."""

import pytest

from domain import geo
from tests.browser import on_map, town, visitor
from tests.browser.conftest import Visit

MOVING, STANDING, STALE, ALERT, ACKNOWLEDGED = "#56b4e9", "#009e73", "#999999", "#d55e00", "#e69f00"
_NEAR_ZOOM = 13


def at(place: int) -> geo.Position:
    """Places far enough from each other to be told apart from afar too."""
    return geo.Position(town.MIDDLE.lat + 0.004 * (place - 1), town.MIDDLE.lon)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_state_has_its_colour(visit: Visit, streets: town.Town, scheme: str) -> None:
    moving, standing, stale = town.of_demo()[1:4]
    streets.report(moving, at(0))
    streets.report(standing, at(1), speed_mps=0.0)
    streets.report(stale, at(2), age_s=90.0)
    dana = visit(color_scheme=scheme)
    on_map.wait(dana, 3)

    for _ in ("near by", "from afar"):
        for unit, colour in ((moving, MOVING), (standing, STANDING), (stale, STALE)):
            on_map.wait_for_colour(dana, unit, colour)
        zoom_out_to_dots(dana)


def test_an_alert_has_its_colour_until_it_is_taken(visit: Visit, streets: town.Town) -> None:
    unit = town.of_demo()[1]
    streets.report(unit, at(1), speed_mps=0.0)
    dana = visit()
    on_map.wait_for_colour(dana, unit, STANDING)

    streets.press(unit)
    on_map.wait_for_colour(dana, unit, ALERT)

    dana.page.keyboard.press("a")
    on_map.wait_for_colour(dana, unit, ACKNOWLEDGED)


def test_lost_graphics_come_back(visit: Visit, streets: town.Town) -> None:
    unit = town.of_demo()[1]
    streets.report(unit, at(1), speed_mps=0.0)
    dana = visit()
    on_map.wait_for_colour(dana, unit, STANDING)

    lose = "document.querySelector('#live-map canvas').getContext('webgl2').getExtension('WEBGL_lose_context')"
    dana.evaluate(f"() => {{ window.lost = {lose}; window.lost.loseContext(); }}")
    dana.page.wait_for_timeout(1_500)
    assert STANDING not in on_map.colours(dana, on_map.place(dana, unit))
    dana.evaluate("() => window.lost.restoreContext()")

    on_map.wait_for_colour(dana, unit, STANDING)
    streets.report(unit, at(1), speed_mps=8.0)
    on_map.wait_for_colour(dana, unit, MOVING)


def zoom_out_to_dots(dana: visitor.Visitor) -> None:
    """One click after the other, as the map's own movement takes a while."""
    while on_map.stats(dana)["zoom"] >= _NEAR_ZOOM:
        dana.page.get_by_role("button", name="Zoom out").click()
        dana.page.wait_for_timeout(600)
