"""What a visitor's page shows of alerts, asked by their units."""

from playwright import sync_api

from db.seed import roster
from tests.browser.visitor import Visitor


def banner(visitor: Visitor) -> sync_api.Locator:
    return visitor.page.locator("#alert-banner")


def ready(visitor: Visitor) -> Visitor:
    """Its socket is open: it hears of every press from now on."""
    visitor.wait_for("() => window.driveops && window.driveops.state", lambda state: state == "open")
    return visitor


def states(visitor: Visitor) -> dict[str, str]:
    """The state of each unresolved alert, by the name of its unit."""
    found: dict[str, str] = visitor.evaluate(
        "() => Object.fromEntries(window.driveops.alerts.map(alert => [alert.device_name, alert.state]))"
    )
    return found


def row(visitor: Visitor, unit: roster.Unit) -> sync_api.Locator:
    """The banner while it shows the alert of this unit."""
    ask = f"() => window.driveops.alerts.find(alert => alert.device_name === {unit.device!r})?.id"
    alert_id = visitor.wait_for(ask, lambda found: found is not None)
    return banner(visitor).locator(f'[data-alert="{alert_id}"]')


def shows(visitor: Visitor, unit: roster.Unit, *, state: str = "open", chosen: bool = True) -> None:
    shown = row(visitor, unit)
    sync_api.expect(shown).to_have_attribute("data-state", state, timeout=10_000)
    sync_api.expect(shown).to_have_attribute("aria-current", str(chosen).lower())


def name(visitor: Visitor, unit: roster.Unit) -> str:
    """Who pressed this unit's button, as the page calls them."""
    ask = f"() => {{ const found = driveops.alerts.find(alert => alert.device_name === {unit.device!r});"
    return str(
        visitor.wait_for(ask + " return found && driveops.wording.who(found); }", lambda found: found is not None)
    )


def becomes(visitor: Visitor, expected: dict[roster.Unit, str]) -> None:
    wanted = {unit.device: state for unit, state in expected.items()}
    for _ in range(100):
        if (found := states(visitor)) == wanted:
            return
        visitor.page.wait_for_timeout(100)
    raise AssertionError(f"alerts are {found}, not {wanted}")
