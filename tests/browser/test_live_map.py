"""Units move on the map; it is a map without any tile server."""

from playwright import sync_api

from tests.browser import people, town, visitor
from tests.browser.conftest import Visit


def test_units_of_the_own_company_appear_and_move(visit: Visit, streets: town.Town) -> None:
    streets.move()

    dana = visit()

    wanted = len(town.of_demo())
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats is not None and stats["units"] == wanted)
    before = dana.evaluate(visitor.MAP_STATS)["frames"]
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats["frames"] >= before + 3)


def test_the_other_company_sees_its_own_alone(visit: Visit, streets: town.Town) -> None:
    streets.move()

    otto = visit(people.OTHER_DISPATCHER)

    otto.wait_for(visitor.MAP_STATS, lambda stats: stats is not None and stats["units"] == len(town.of_other()))


def test_a_unit_of_the_list_opens_its_card(visit: Visit, streets: town.Town) -> None:
    streets.move()
    unit = town.of_demo()[1]
    dana = visit()

    dana.page.locator("#unit-search").fill(unit.device)
    dana.page.locator("#unit-list .ag-row", has_text=unit.device).first.click()

    sync_api.expect(dana.page.locator("#unit-card")).to_contain_text(unit.device)
    sync_api.expect(dana.page.locator("#unit-card")).to_contain_text("km/h")
