"""What axe finds on a visitor's page."""

from typing import Any

from playwright import sync_api

from tests.browser.visitor import Visitor

RUN_AXE = """async (within) => {
    const found = await axe.run(within, {resultTypes: ["violations"]});
    return found.violations.flatMap(v => v.nodes.map(n => `${v.id} (${v.impact}): ${n.html.slice(0, 160)} ${n.failureSummary.slice(0, 200)}`));
}"""


def violations(visitor: Visitor, axe: str, within: str = "html") -> Any:
    """What stands in the way of people who see little."""
    # The frame with its banner is there before the page's own content is.
    sync_api.expect(visitor.page.locator("h1")).to_be_attached(timeout=20_000)
    # Handed over by the debugger: the page's own security policy would refuse a script tag.
    visitor.page.evaluate(axe)
    return visitor.page.evaluate(RUN_AXE, within)
