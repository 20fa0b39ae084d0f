"""What somebody does to an alert and the server does not answer as hoped."""

import pytest
from playwright import sync_api

from stack import postgres
from tests.browser import on_alerts, people, town
from tests.browser.conftest import Visit


@pytest.mark.timeout(240)
def test_what_somebody_wrote_is_kept_until_the_server_has_it(
    visit: Visit, streets: town.Town, postgres_server: postgres.Postgres
) -> None:
    dana, mona = on_alerts.ready(visit()), on_alerts.ready(visit(people.MANAGER))
    mona.evaluate("() => { document.cookie = 'language=fr; path=/'; location.reload(); }")
    unit, dialog = town.of_demo()[1], dana.page.locator("#resolve-modal")
    streets.press(unit)
    on_alerts.shows(dana, unit)
    on_alerts.shows(mona, unit)
    dana.page.keyboard.press("r")
    dana.page.keyboard.type("Twisted ankle, colleague drives")

    postgres_server.kill()
    try:
        dana.page.keyboard.press("Enter")
        mona.page.keyboard.press("a")
        sync_api.expect(dialog).to_contain_text("The database does not answer", timeout=30_000)
        sync_api.expect(mona.page.get_by_text("La base de données ne répond pas")).to_be_visible(timeout=30_000)
        sync_api.expect(dialog.get_by_role("textbox")).to_have_value("Twisted ankle, colleague drives")
    finally:
        postgres_server.start()
    sync_api.expect(dana.page.locator("#connection-badge")).to_have_attribute("data-state", "open", timeout=60_000)
    dana.page.keyboard.press("Enter")

    sync_api.expect(dialog).to_be_hidden(timeout=30_000)
    on_alerts.becomes(dana, {})
    for expected in ("Failed to load resource", "status 503", "Callback", "WebSocket", "_dash-update-component"):
        dana.forgive(expected)
        mona.forgive(expected)


def test_an_answer_that_failed_after_the_dialog_was_left_is_asked_for_again(visit: Visit, streets: town.Town) -> None:
    dana, unit = on_alerts.ready(visit()), town.of_demo()[1]
    dialog = dana.page.locator("#resolve-modal")
    streets.press(unit)
    on_alerts.shows(dana, unit)
    held: list[sync_api.Route] = []
    dana.page.route("**/resolve", lambda route: held.append(route))  # noqa: PLW0108  # a method of C takes no note of Playwright's
    dana.page.keyboard.press("r")
    dana.page.keyboard.type("Found asleep")
    with dana.page.expect_request("**/resolve"):
        dana.page.keyboard.press("Enter")
    dana.page.keyboard.press("Escape")
    sync_api.expect(dialog).to_be_hidden()

    held.pop().abort()

    sync_api.expect(dana.page.get_by_text("What you wrote is kept")).to_be_visible()
    sync_api.expect(dialog).to_be_hidden()  # nobody is called away from what they do now
    dana.page.unroute_all()
    dana.page.keyboard.press("r")
    sync_api.expect(dialog.get_by_role("textbox")).to_have_value("Found asleep")
    dana.page.keyboard.press("Enter")
    on_alerts.becomes(dana, {})
    dana.forgive("ERR_FAILED")


def test_being_second_is_told_with_the_name_of_the_first(visit: Visit, streets: town.Town) -> None:
    dana, mona = on_alerts.ready(visit(people.DISPATCHER)), on_alerts.ready(visit(people.MANAGER))
    unit = town.of_demo()[1]
    streets.press(unit)
    for visitor in (dana, mona):
        on_alerts.shows(visitor, unit)
        visitor.page.keyboard.press("r")
    dana.page.keyboard.type("Spoke to her")
    dana.page.keyboard.press("Enter")
    on_alerts.becomes(mona, {})

    mona.page.keyboard.type("Is well")
    mona.page.keyboard.press("Enter")

    sync_api.expect(mona.page.locator("#resolve-modal")).to_contain_text("Somebody was faster")
    sync_api.expect(mona.page.locator("#resolve-modal")).to_contain_text(people.DISPATCHER.name)
    mona.forgive("409")
