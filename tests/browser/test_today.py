"""The numbers of a day lead to their rows."""

import sqlalchemy as sa
from playwright import sync_api

from db import tables
from tests.browser import people, town
from tests.browser.conftest import Visit
from tests.integration.gateway import ends


def test_a_number_of_units_leads_to_these_units_alone(visit: Visit, streets: town.Town, owner: sa.Engine) -> None:
    standing, moving = town.of_demo()[1], town.of_demo()[2]
    streets.report(standing, town.where(1), speed_mps=0.0)
    streets.report(moving, town.where(2))
    ends.eventually(lambda: stored(owner) == 2, "both fixes are rows")
    mona = visit(people.MANAGER)
    names = mona.page.locator("#today-units-grid .ag-row [col-id=name]")
    mona.page.goto("/today")
    sync_api.expect(names).to_have_count(len(town.of_demo()) + 1)  # and the device of replayed captures

    mona.page.get_by_role("link", name="1 standing").click()

    sync_api.expect(names).to_have_text([standing.device])
    mona.page.get_by_role("link", name="fixes").click()
    sync_api.expect(names).to_have_count(len(town.of_demo()) + 1)


def stored(owner: sa.Engine) -> int:
    """How many units have been heard of."""
    with owner.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.device_latest)) or 0
