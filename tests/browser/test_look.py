"""What the pages look like to people who see little, or little of the page: axe finds nothing, nothing overflows."""

from collections.abc import Mapping
from typing import Any

import pytest
from playwright import sync_api

from stack import scratch, web_vendor
from tests.browser import people, town
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
RUN_AXE = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations.flatMap(v => v.nodes.map(n => `${v.id} (${v.impact}): ${n.html.slice(0, 160)} ${n.failureSummary.slice(0, 200)}`));
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    folder = web_vendor.ensure(scratch.choice().cache_dir, lambda _step, _share: None)
    return (folder / web_vendor.FOR_TESTS / "axe.min.js").read_text()


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

    found = violations(mona, axe)
    assert not found, "\n".join(found)
    assert mona.evaluate(OVERFLOW) <= 0


def test_the_login_page_is_in_order(visit: Visit, axe: str) -> None:
    nobody = visit(None)
    nobody.page.goto("/login")

    found = violations(nobody, axe)
    assert not found, "\n".join(found)


def violations(visitor: Visitor, axe: str) -> Any:
    # The frame with its banner is there before the page's own content is.
    sync_api.expect(visitor.page.locator("h1")).to_be_attached(timeout=20_000)
    # Handed over by the debugger: the page's own security policy would refuse a script tag.
    visitor.page.evaluate(axe)
    return visitor.evaluate(RUN_AXE)
