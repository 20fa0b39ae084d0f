"""What the pages look like to people who see little, or little of the page: axe finds nothing, nothing overflows."""

from collections.abc import Mapping

import pytest
from playwright import sync_api

from tests.browser import on_look, people, town
from tests.browser.conftest import Visit

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("path", ["/", "/alerts", "/today"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_page_with_an_open_alert_is_in_order(
    visit: Visit, streets: town.Town, axe: str, path: str, scheme: str, size: Mapping[str, int]
) -> None:
    streets.move()
    mona = visit(people.MANAGER, color_scheme=scheme, viewport=dict(size))
    streets.press(town.of_demo()[1])
    sync_api.expect(mona.page.locator("#alert-banner")).to_contain_text("Panic button", timeout=20_000)

    mona.page.goto(path)
    sync_api.expect(mona.page.locator("#alert-banner")).to_contain_text("Panic button", timeout=20_000)

    found = on_look.violations(mona, axe)
    assert not found, "\n".join(found)
    assert mona.evaluate(OVERFLOW) <= 0


def test_the_login_page_is_in_order(visit: Visit, axe: str) -> None:
    nobody = visit(None)
    nobody.page.goto("/login")

    found = on_look.violations(nobody, axe)
    assert not found, "\n".join(found)
