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
    sync_api.expect(names).to_have_text([standing.device, moving.device])  # the others sent none


def test_the_day_is_read_again_beside_an_open_page(visit: Visit, streets: town.Town, owner: sa.Engine) -> None:
    first, second = town.of_demo()[1], town.of_demo()[2]
    streets.report(first, town.where(1), speed_mps=0.0)
    ends.eventually(lambda: stored(owner) == 1, "the fix is a row")
    mona = visit(people.MANAGER)
    mona.page.clock.install()
    mona.page.goto("/today")
    names = mona.page.locator("#today-units-grid .ag-row [col-id=name]")
    mona.page.get_by_role("link", name="1 standing").click()
    sync_api.expect(names).to_have_text([first.device])

    streets.report(second, town.where(2), speed_mps=0.0)
    ends.eventually(lambda: stored(owner) == 2, "both fixes are rows")
    mona.page.clock.fast_forward(61_000)

    sync_api.expect(mona.page.get_by_role("link", name="2 standing")).to_be_visible()
    sync_api.expect(names).to_have_text([first.device, second.device])  # and still these alone


def test_a_french_manager_reads_french(visit: Visit) -> None:
    mona = visit(people.MANAGER)
    sync_api.expect(mona.page).to_have_title("Map · DriveOps")
    mona.evaluate("() => { document.cookie = 'language=fr; path=/'; }")
    mona.page.goto("/today")

    sync_api.expect(mona.page).to_have_title("Aujourd’hui · DriveOps")
    sync_api.expect(mona.page.locator("#today-units-grid")).to_contain_text("Lignes par page")


def stored(owner: sa.Engine) -> int:
    """How many units have been heard of."""
    with owner.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.device_latest)) or 0
