"""A panic rings in every browser of the company within a moment, and one dispatcher takes it."""

import re

import pytest
from playwright import sync_api

from db.seed import roster
from stack import postgres
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


class TestWhichAlertTheKeysMean:
    def test_it_is_the_one_in_the_banner(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        shows(dana, first)
        dana.page.keyboard.press("a")
        shows(dana, first, state="acknowledged")

        streets.press(second)
        shows(dana, second, chosen=False)  # it took the place of another
        dana.page.keyboard.press("z")
        shows(dana, second)
        dana.page.keyboard.press("a")
        becomes(dana, {first: "acknowledged", second: "acknowledged"})
        shows(dana, second, state="acknowledged")

        dana.page.keyboard.press("r")
        who = dana.evaluate(f"() => window.driveops.alerts.find(alert => alert.device_name === {second.device!r}).who")
        sync_api.expect(dana.page.locator("#resolve-modal")).to_contain_text(who)
        dana.page.keyboard.type("All is well")
        dana.page.keyboard.press("Enter")
        becomes(dana, {first: "acknowledged"})

    def test_with_several_open_a_key_chooses_first(self, visit: Visit, streets: town.Town) -> None:
        dana, units = ready(visit()), town.of_demo()[1:4]
        first = units[0]
        streets.press(first)
        shows(dana, first)
        for unit in units[1:]:
            streets.press(unit)
        becomes(dana, dict.fromkeys(units, "open"))
        shows(dana, first)  # the chosen one stays
        dana.page.keyboard.press("a")
        becomes(dana, {first: "acknowledged", units[1]: "open", units[2]: "open"})

        sync_api.expect(banner(dana)).to_contain_text("1 more open")
        urgent = next(unit for unit in units[1:] if row(dana, unit).count())
        sync_api.expect(banner(dana)).to_contain_text(name(dana, next(unit for unit in units[1:] if unit != urgent)))
        other = next(unit for unit in units[1:] if unit != urgent)
        shows(dana, urgent, chosen=False)
        dana.page.keyboard.press("a")
        shows(dana, urgent)
        assert states(dana)[urgent.device] == "open"

        dana.page.keyboard.press("j")
        dana.page.keyboard.press("a")
        becomes(dana, {first: "acknowledged", urgent: "open", other: "acknowledged"})
        shows(dana, urgent, chosen=False)

    def test_a_key_pressed_twice_takes_one_of_two(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        shows(dana, first)
        streets.press(second)
        becomes(dana, {first: "open", second: "open"})

        dana.page.keyboard.press("a")
        dana.page.keyboard.press("a")
        shows(dana, second, chosen=False)
        dana.page.keyboard.press("a")

        shows(dana, second)
        becomes(dana, {first: "acknowledged", second: "open"})

    def test_one_resolved_by_a_colleague_hands_the_key_to_nobody(self, visit: Visit, streets: town.Town) -> None:
        dana, mona = ready(visit()), ready(visit(people.MANAGER))
        first, second = town.of_demo()[1:3]
        streets.press(first)
        for visitor in (dana, mona):
            shows(visitor, first)
        streets.press(second)
        becomes(dana, {first: "open", second: "open"})
        mona.page.keyboard.press("r")
        mona.page.keyboard.type("Spoke to him")
        mona.page.keyboard.press("Enter")
        becomes(dana, {second: "open"})
        shows(dana, second, chosen=False)

        dana.page.keyboard.press("a")

        shows(dana, second)
        dana.page.wait_for_timeout(1_000)
        becomes(dana, {second: "open"})

    def test_nor_does_one_that_comes_just_as_the_only_one_went(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        shows(dana, first)
        dana.evaluate(
            f"""() => {{ const [gone] = driveops.alerts; const next = {{ ...gone, id: "next", device_name: {second.device!r} }};
            for (const list of [[], [next]]) {{ driveops.alerts = list; driveops.emit("alerts", list); }} }}"""
        )
        shows(dana, second, chosen=False)

    @pytest.mark.parametrize("key", ["r", "z"])
    def test_a_taken_one_displaced_by_an_open_one_hands_it_no_key(
        self, visit: Visit, streets: town.Town, key: str
    ) -> None:
        dana, (first, second) = ready(visit()), town.of_demo()[1:3]
        dana.page.goto("/alerts")
        streets.press(first)
        shows(dana, first)
        dana.page.keyboard.press("a")
        shows(dana, first, state="acknowledged")
        streets.press(second)
        shows(dana, second, chosen=False)

        dana.page.keyboard.press(key)

        shows(dana, second)
        sync_api.expect(dana.page.locator("#resolve-modal")).to_be_hidden()
        assert dana.page.url.endswith("/alerts")


@pytest.mark.parametrize(
    "place",
    [".maplibregl-canvas", "#unit-list .ag-row .ag-cell", "#language-switch input[type=radio]:checked", "#unit-state"],
)
def test_letters_work_wherever_nobody_writes(visit: Visit, streets: town.Town, place: str) -> None:
    dana = ready(visit())
    streets.report(town.of_demo()[1], town.MIDDLE)
    found = dana.page.locator(place).first
    if "input" in place or place == "#unit-state":
        found.focus()
    else:
        found.click(position={"x": 5, "y": 5})
    assert dana.evaluate("() => document.activeElement !== document.body")

    streets.press(town.of_demo()[1])
    shows(dana, town.of_demo()[1])
    dana.page.keyboard.press("a")

    shows(dana, town.of_demo()[1], state="acknowledged")


def test_letters_are_text_in_a_field(visit: Visit, streets: town.Town) -> None:
    dana, unit = ready(visit()), town.of_demo()[1]
    streets.press(unit)
    shows(dana, unit)

    dana.page.locator("#unit-search").press_sequentially("ar")
    dana.page.locator("#connection-badge").click()
    dana.page.keyboard.press("z")

    sync_api.expect(dana.page.locator("#unit-search")).to_have_value("ar")
    assert states(dana) == {unit.device: "open"}
    sync_api.expect(dana.page.locator("#resolve-modal")).to_be_hidden()


def test_what_rings_is_shown_although_no_callback_is_answered(visit: Visit, streets: town.Town) -> None:
    dana, unit = ready(visit()), town.of_demo()[1]
    dana.page.goto("/alerts")
    sync_api.expect(dana.page.get_by_text("Nobody needs help.")).to_be_visible()
    dana.page.route("**/_dash-update-component*", lambda route: route.abort())

    streets.press(unit)

    shows(dana, unit)
    sync_api.expect(dana.page.locator("#alert-queue [data-alert]")).to_have_count(1)
    dana.page.keyboard.press("a")
    shows(dana, unit, state="acknowledged")
    dana.page.unroute_all()
    for expected in ("ERR_FAILED", "Callback failed"):
        dana.forgive(expected)


class TestWithOthersOpen:
    def test_the_banner_names_them_and_unfolds_the_queue(self, visit: Visit, streets: town.Town) -> None:
        dana, units = ready(visit()), town.of_demo()[1:3]
        streets.press(units[0])
        shows(dana, units[0])
        streets.press(units[1])
        other = name(dana, units[1])
        summary = banner(dana).locator("summary")
        sync_api.expect(summary).to_have_text(f"1 more open: {other}")
        sync_api.expect(banner(dana).locator("[data-other]")).to_be_hidden()

        summary.press("Enter")
        banner(dana).locator("[data-other] [data-action=acknowledge]").press("Enter")

        becomes(dana, {units[0]: "open", units[1]: "acknowledged"})

    def test_each_newcomer_is_said_and_heard(self, visit: Visit, streets: town.Town) -> None:
        dana, units = ready(visit()), town.of_demo()[1:3]
        played = "() => window.driveops.sound.state().played"
        dana.page.keyboard.press("Shift")
        dana.wait_for("() => window.driveops.sound.state().running", lambda running: running is True)
        streets.press(units[0])
        shows(dana, units[0])
        dana.wait_for(played, lambda times: times >= 1)
        dana.page.wait_for_timeout(1_000)  # until the first has rung out
        # How often it rang in the moment in which the page hears of it: what rings on by itself is not meant.
        dana.evaluate(
            """() => { const count = () => driveops.sound.state().played; let before = count();
            setInterval(() => { before = count(); }, 20);
            driveops.on("alerts", (all) => { if (all.length === 2) window.rung ??= count() - before; }); }"""
        )
        streets.press(units[1])

        assert dana.wait_for("() => window.rung ?? null", lambda found: found is not None) == 1
        spoken = dana.page.locator("#alert-spoken > span")
        sync_api.expect(spoken).to_have_count(2)
        for place, unit in enumerate(units):
            sync_api.expect(spoken.nth(place)).to_contain_text(f"{name(dana, unit)}, on {unit.device}, at 60.17")

    def test_a_row_is_of_one_alert_only_and_its_focus_goes_with_it(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        shows(dana, first)
        row(dana, first).locator("[data-action=resolve]").focus()
        streets.press(second)
        becomes(dana, {first: "open", second: "open"})
        # Drawn again, and it still is where it was.
        assert dana.evaluate("() => document.activeElement.dataset.action") == "resolve"

        dana.evaluate("() => driveops.post(`/api/v1/alerts/${driveops.choice.shown().id}/resolve`, { text: 'Well' })")

        shows(dana, second, chosen=False)
        assert dana.evaluate("() => document.activeElement === document.body")

    def test_the_dialog_names_who_needs_help_meanwhile(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        shows(dana, first)
        dana.page.keyboard.press("r")
        line = dana.page.locator("#resolve-others")
        sync_api.expect(line).to_be_hidden()

        streets.press(second)

        becomes(dana, {first: "open", second: "open"})
        sync_api.expect(line).to_have_text(f"1 more open: {name(dana, second)}")
        sync_api.expect(line).to_have_attribute("aria-live", "assertive")


def test_alerts_are_told_as_text_and_whatever_is_unknown_as_it_is(visit: Visit, streets: town.Town) -> None:
    dana, unit = ready(visit()), town.of_demo()[1]
    streets.press(unit)
    shows(dana, unit)
    dana.evaluate(
        """() => { const [real] = driveops.alerts;
        const odd = { ...real, id: "odd", who: "<img src=x onerror=alert(1)>$&", lat: null, lon: null, press_count: 3,
            location_age_s: 65, remarks: ["old_position", "from_the_future"], cancelled_by_device_at: real.raised_at };
        const fob = { ...real, id: "fob", who: null, text: "Something of tomorrow", fob: "F-1", device_name: "GW-1" };
        driveops.alerts = [odd, fob]; driveops.emit("alerts", driveops.alerts); driveops.choice.choose("odd"); }"""
    )
    odd = banner(dana).locator("[data-alert=odd]")
    for words in ("<img src=x onerror=alert(1)>$&", "old position", "from_the_future", "3 presses", "check on them"):
        sync_api.expect(odd).to_contain_text(words)
    sync_api.expect(odd).to_contain_text("position 1 min 05 s old")
    sync_api.expect(odd.locator("[data-action]")).to_have_count(2)
    other = banner(dana).locator("[data-other=fob]")
    sync_api.expect(other).to_contain_text("fob F-1 on GW-1")
    sync_api.expect(other).to_contain_text("Something of tomorrow")


def test_alerts_are_french_on_french_pages(visit: Visit, streets: town.Town) -> None:
    dana, mona, unit = ready(visit()), ready(visit(people.MANAGER)), town.of_demo()[1]
    mona.evaluate("() => { document.cookie = 'language=fr; path=/'; location.reload(); }")
    sync_api.expect(mona.page.locator("#connection-badge")).to_contain_text("en direct")
    streets.press(unit)
    for visitor in (dana, mona):
        shows(visitor, unit)
    sync_api.expect(banner(mona)).to_contain_text("Bouton d’alarme actionné par")
    sync_api.expect(mona.page.locator("#alert-spoken")).to_contain_text("Bouton d’alarme actionné par")
    sync_api.expect(banner(mona)).not_to_contain_text("Panic")

    # Both take it: the second, whose page has not heard of it, is told who was faster.
    as_open = "() => { const [one] = driveops.alerts; driveops.act('acknowledge', { ...one, state: 'open' }); }"
    dana.page.keyboard.press("a")
    shows(mona, unit, state="acknowledged")
    mona.evaluate(as_open)

    sync_api.expect(mona.page.get_by_text("Quelqu’un a été plus rapide")).to_be_visible()
    sync_api.expect(mona.page.get_by_text(f"prise par {people.DISPATCHER.name}").last).to_be_visible()
    assert mona.page.get_by_text("already").count() == 0
    mona.forgive("409")


def test_the_alarm_is_heard_while_the_switch_is_on(visit: Visit, streets: town.Town) -> None:
    dana = ready(visit(viewport={"width": 390, "height": 844}))
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
    dana, unit = ready(visit()), town.of_demo()[1]
    played = "() => window.driveops.sound.state().played"
    dana.page.keyboard.press("Shift")
    dana.wait_for("() => window.driveops.sound.state().running", lambda running: running is True)
    streets.press(unit)
    before = dana.wait_for(played, lambda times: times >= 1)

    dana.evaluate("() => { const now = Date.now; Date.now = () => now() - 600_000; }")

    dana.wait_for(played, lambda times: times > before)
    assert "min" not in banner(dana).locator(".ago").inner_text()


def test_a_phone_shows_that_it_is_muted_and_connected(visit: Visit) -> None:
    dana = ready(visit(viewport={"width": 390, "height": 844}))
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
    ready(dana)
    streets.press(town.of_demo()[1])
    shows(dana, town.of_demo()[1])
    dana.wait_for("() => window.driveops.sound.state()", lambda state: state["alarm"] and not state["running"])
    sync_api.expect(dana.page.locator("#muted-badge")).to_be_visible()

    dana.page.locator("#alert-banner").click(position={"x": 5, "y": 5})

    dana.wait_for("() => window.driveops.sound.state().played", lambda times: times >= 1)
    sync_api.expect(dana.page.locator("#muted-badge")).to_be_hidden()


@pytest.mark.timeout(240)
def test_what_somebody_wrote_is_kept_until_the_server_has_it(
    visit: Visit, streets: town.Town, postgres_server: postgres.Postgres
) -> None:
    dana, mona = ready(visit()), ready(visit(people.MANAGER))
    mona.evaluate("() => { document.cookie = 'language=fr; path=/'; location.reload(); }")
    unit, dialog = town.of_demo()[1], dana.page.locator("#resolve-modal")
    streets.press(unit)
    shows(dana, unit)
    shows(mona, unit)
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
    becomes(dana, {})
    for expected in ("Failed to load resource", "status 503", "Callback", "WebSocket", "_dash-update-component"):
        dana.forgive(expected)
        mona.forgive(expected)


def test_an_answer_that_failed_after_the_dialog_was_left_is_asked_for_again(visit: Visit, streets: town.Town) -> None:
    dana, unit = ready(visit()), town.of_demo()[1]
    dialog = dana.page.locator("#resolve-modal")
    streets.press(unit)
    shows(dana, unit)
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
    becomes(dana, {})
    dana.forgive("ERR_FAILED")


def test_being_second_is_told_with_the_name_of_the_first(visit: Visit, streets: town.Town) -> None:
    dana, mona = ready(visit(people.DISPATCHER)), ready(visit(people.MANAGER))
    unit = town.of_demo()[1]
    streets.press(unit)
    for visitor in (dana, mona):
        shows(visitor, unit)
        visitor.page.keyboard.press("r")
    dana.page.keyboard.type("Spoke to her")
    dana.page.keyboard.press("Enter")
    becomes(mona, {})

    mona.page.keyboard.type("Is well")
    mona.page.keyboard.press("Enter")

    sync_api.expect(mona.page.locator("#resolve-modal")).to_contain_text("Somebody was faster")
    sync_api.expect(mona.page.locator("#resolve-modal")).to_contain_text(people.DISPATCHER.name)
    mona.forgive("409")


def test_times_count_by_the_servers_clock_and_are_not_said_each_second(visit: Visit, streets: town.Town) -> None:
    dana, unit = visit(None), town.of_demo()[1]
    dana.page.add_init_script("const now = Date.now; Date.now = () => now() + 3 * 3600 * 1000;")
    dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)
    ready(dana)

    streets.press(unit)

    shows(dana, unit)
    ago = banner(dana).locator(".ago")
    sync_api.expect(ago).to_have_text(re.compile(r"^[0-9]+ s$"))
    assert ago.evaluate("found => found.closest('[role=alert], [aria-live]')") is None
    spoken = dana.page.locator("#alert-spoken")
    sync_api.expect(spoken).to_contain_text("Panic button activated by")
    sync_api.expect(spoken).to_have_attribute("role", "alert")


def test_props_that_nobody_takes_hold_nothing_up_and_are_forgotten(visit: Visit, streets: town.Town) -> None:
    dana, unit = ready(visit()), town.of_demo()[1]
    dana.evaluate("() => window.driveops.setProps('of-another-page', { data: 1 })")
    dana.wait_for("() => window.driveops.unsent()", lambda unsent: unsent == ["of-another-page"])

    streets.press(unit)

    shows(dana, unit)
    dana.wait_for("() => window.driveops.unsent()", lambda unsent: unsent == [], limit_ms=30_000)


def test_a_sign_out_that_fails_says_so(visit: Visit) -> None:
    dana = ready(visit())
    dana.page.route("**/logout", lambda route: route.abort(), times=1)
    dana.page.locator("#account-menu summary").click()
    leave = dana.page.get_by_role("button", name="Sign out")

    leave.click()
    sync_api.expect(dana.page.get_by_text("You are still signed in")).to_be_visible()
    assert dana.page.url.endswith("/")

    leave.click()
    dana.page.wait_for_url("**/login")
    dana.forgive("ERR_FAILED")
