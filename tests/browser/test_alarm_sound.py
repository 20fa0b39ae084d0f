"""The alarm is heard wherever it is switched on, and pages show where it is not."""

from playwright import sync_api

from tests.browser import on_alerts, people, town
from tests.browser.conftest import Visit


def test_the_alarm_is_heard_while_the_switch_is_on(visit: Visit, streets: town.Town) -> None:
    dana = on_alerts.ready(visit(viewport={"width": 390, "height": 844}))
    switch, badge = dana.page.locator("#sound-switch"), dana.page.locator("#muted-badge")
    played = "() => window.driveops.sound.state().played"
    dana.page.keyboard.press("Shift")  # any first key is enough
    dana.wait_for("() => window.driveops.sound.state().running", lambda running: running is True)
    sync_api.expect(badge).to_be_hidden()

    switch.click()
    sync_api.expect(badge).to_be_visible()
    streets.press(town.of_demo()[1])
    dana.wait_for("() => window.driveops.alarm.isRinging()", lambda ringing: ringing is True)
    dana.page.wait_for_timeout(6_000)  # longer than from one alarm to the next
    assert dana.evaluate(played) == 0

    switch.click()
    dana.wait_for(played, lambda times: times >= 2)
    sync_api.expect(badge).to_be_hidden()


def test_the_alarm_rings_on_after_the_clock_was_set_back(visit: Visit, streets: town.Town) -> None:
    dana, unit = on_alerts.ready(visit()), town.of_demo()[1]
    played = "() => window.driveops.sound.state().played"
    dana.page.keyboard.press("Shift")
    dana.wait_for("() => window.driveops.sound.state().running", lambda running: running is True)
    streets.press(unit)
    before = dana.wait_for(played, lambda times: times >= 1)

    dana.evaluate("() => { const now = Date.now; Date.now = () => now() - 600_000; }")

    dana.wait_for(played, lambda times: times > before)
    assert "min" not in on_alerts.banner(dana).locator(".ago").inner_text()


def test_a_phone_shows_that_it_is_muted_and_connected(visit: Visit) -> None:
    dana = on_alerts.ready(visit(viewport={"width": 390, "height": 844}))
    dana.page.locator("#sound-switch").click()
    dana.evaluate("() => { document.cookie = 'language=fr; path=/'; location.reload(); }")

    sync_api.expect(dana.page.locator("#connection-badge")).to_contain_text("en direct")
    for badge in ("#muted-badge", "#connection-badge"):
        sync_api.expect(dana.page.locator(badge)).to_be_in_viewport(ratio=1)


def test_a_browser_that_lets_no_page_sound_does_so_from_the_first_click(visit: Visit, streets: town.Town) -> None:
    dana = visit(None)
    # As Chrome does for a page that nobody has touched yet; headless, it lets every page sound.
    dana.page.add_init_script(
        """const resume = AudioContext.prototype.resume; let touched = false;
        addEventListener("pointerdown", () => { touched = true; }, true);
        AudioContext.prototype.resume = function () { return touched ? resume.call(this) : new Promise(() => {}); };
        const Real = AudioContext;
        window.AudioContext = class extends Real { constructor() { super(); this.suspend(); } };"""
    )
    dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)
    on_alerts.ready(dana)
    streets.press(town.of_demo()[1])
    on_alerts.shows(dana, town.of_demo()[1])
    dana.wait_for("() => window.driveops.sound.state()", lambda state: state["alarm"] and not state["running"])
    sync_api.expect(dana.page.locator("#muted-badge")).to_be_visible()

    dana.page.locator("#alert-banner").click(position={"x": 5, "y": 5})

    dana.wait_for("() => window.driveops.sound.state().played", lambda times: times >= 1)
    sync_api.expect(dana.page.locator("#muted-badge")).to_be_hidden()
