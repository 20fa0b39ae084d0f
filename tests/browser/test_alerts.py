"""A panic rings in every browser of the company within a moment, and one dispatcher takes it."""

from playwright import sync_api

from tests.browser import people, town
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor


def banner(visitor: Visitor) -> sync_api.Locator:
    return visitor.page.locator("#alert-banner")


def test_a_panic_rings_and_is_acknowledged_by_keyboard(visit: Visit, streets: town.Town) -> None:
    dana, mona = visit(people.DISPATCHER), visit(people.MANAGER)
    for visitor in (dana, mona):
        visitor.wait_for("() => window.driveops && window.driveops.state", lambda state: state == "open")
    unit = town.of_demo()[1]

    streets.press(unit)

    for visitor in (dana, mona):
        sync_api.expect(banner(visitor)).to_contain_text("Panic button activated by", timeout=10_000)
        sync_api.expect(visitor.page.locator("#alarm-count")).to_contain_text("1")
        visitor.wait_for("() => window.driveops.alarm.isRinging()", lambda ringing: ringing is True)
    dana.page.keyboard.press("a")
    for visitor in (dana, mona):
        sync_api.expect(banner(visitor)).to_contain_text(people.DISPATCHER.name)
        visitor.wait_for("() => window.driveops.alarm.isRinging()", lambda ringing: ringing is False)


def test_an_alert_is_resolved_with_a_text_by_keyboard(visit: Visit, streets: town.Town) -> None:
    dana = visit()
    dana.wait_for("() => window.driveops && window.driveops.state", lambda state: state == "open")
    streets.press(town.of_demo()[1])
    sync_api.expect(banner(dana)).to_contain_text("Panic button activated by", timeout=10_000)

    dana.page.keyboard.press("r")
    dana.page.keyboard.type("False alarm, spoke to him")
    dana.page.keyboard.press("Enter")

    sync_api.expect(banner(dana)).not_to_contain_text("Panic button activated by")
    dana.page.goto("/alerts")
    sync_api.expect(dana.page.get_by_text("False alarm, spoke to him").first).to_be_visible()


def test_another_company_hears_nothing(visit: Visit, streets: town.Town) -> None:
    dana, otto = visit(people.DISPATCHER), visit(people.OTHER_DISPATCHER)
    for visitor in (dana, otto):
        visitor.wait_for("() => window.driveops && window.driveops.state", lambda state: state == "open")

    streets.press(town.of_demo()[1])

    sync_api.expect(banner(dana)).to_contain_text("Panic button activated by", timeout=10_000)
    otto.page.wait_for_timeout(2_000)
    sync_api.expect(banner(otto)).not_to_contain_text("Panic button activated by")
    assert otto.evaluate("() => window.driveops.alarm.isRinging()") is False
