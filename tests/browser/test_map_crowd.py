"""Hundreds of units: drawn one by one near by, as clusters from afar."""

import pytest

from db import engine
from db.seed import demo, roster
from tests.browser import on_map, people, town, visitor
from tests.browser.conftest import Visit
from tests.fixtures.database import Database

CROWD = [unit for unit in roster.enlist(units=800, gateways=0) if unit.tenant == roster.DEMO]


@pytest.fixture
def seeded(database: Database) -> Database:
    """More units than are drawn singly from afar."""
    with engine.connect(database.owner_dsn) as connection:
        demo.plant(connection, units=800, gateways=0)
        people.employ(connection)
    return database


def test_a_crowd_is_drawn_as_clusters_from_afar(visit: Visit, streets: town.Town) -> None:
    for place, unit in enumerate(CROWD):
        streets.report(unit, town.where(place % 12, place % 20))
    dana = visit()
    on_map.wait(dana, len(CROWD))
    assert on_map.stats(dana)["clusters"] == 0

    while on_map.stats(dana)["zoom"] >= 11:
        dana.page.get_by_role("button", name="Zoom out").click()
        dana.page.wait_for_timeout(700)

    found = dana.wait_for(visitor.MAP_STATS, lambda stats: stats["clusters"] > 0)
    assert found["units"] == 0
    assert found["clusters"] < 20
