"""A panic rings in every browser of the company within a moment, and one dispatcher takes it."""

import re

from playwright import sync_api

from tests.browser import on_alerts, people, town
from tests.browser.conftest import Visit


def test_a_panic_rings_and_is_acknowledged_by_keyboard(visit: Visit, streets: town.Town) -> None:
    dana, mona = visit(people.DISPATCHER), visit(people.MANAGER)
    for visitor in (dana, mona):
        visitor.wait_for("() => window.driveops && window.driveops.state", lambda state: state == "open")
    unit = town.of_demo()[1]

    streets.press(unit)

    for visitor in (dana, mona):
        sync_api.expect(on_alerts.banner(visitor)).to_contain_text("Panic button activated by", timeout=10_000)
        sync_api.expect(visitor.page.locator("#alarm-count")).to_contain_text("1")
        visitor.wait_for("() => window.driveops.alarm.isRinging()", lambda ringing: ringing is True)
    dana.page.keyboard.press("a")
    for visitor in (dana, mona):
        sync_api.expect(on_alerts.banner(visitor)).to_contain_text(people.DISPATCHER.name)
        visitor.wait_for("() => window.driveops.alarm.isRinging()", lambda ringing: ringing is False)


def test_an_alert_is_resolved_with_a_text_by_keyboard(visit: Visit, streets: town.Town) -> None:
    dana = visit()
    dana.wait_for("() => window.driveops && window.driveops.state", lambda state: state == "open")
    streets.press(town.of_demo()[1])
    sync_api.expect(on_alerts.banner(dana)).to_contain_text("Panic button activated by", timeout=10_000)

    dana.page.keyboard.press("r")
    dana.page.keyboard.type("False alarm, spoke to him")
    dana.page.keyboard.press("Enter")

    sync_api.expect(on_alerts.banner(dana)).not_to_contain_text("Panic button activated by")
    dana.page.goto("/alerts")
    sync_api.expect(dana.page.get_by_text("False alarm, spoke to him").first).to_be_visible()


def test_another_company_hears_nothing(visit: Visit, streets: town.Town) -> None:
    dana, otto = visit(people.DISPATCHER), visit(people.OTHER_DISPATCHER)
    for visitor in (dana, otto):
        visitor.wait_for("() => window.driveops && window.driveops.state", lambda state: state == "open")

    streets.press(town.of_demo()[1])

    sync_api.expect(on_alerts.banner(dana)).to_contain_text("Panic button activated by", timeout=10_000)
    otto.page.wait_for_timeout(2_000)
    sync_api.expect(on_alerts.banner(otto)).not_to_contain_text("Panic button activated by")
    assert otto.evaluate("() => window.driveops.alarm.isRinging()") is False


def test_what_rings_is_shown_although_no_callback_is_answered(visit: Visit, streets: town.Town) -> None:
    dana, unit = on_alerts.ready(visit()), town.of_demo()[1]
    dana.page.goto("/alerts")
    sync_api.expect(dana.page.get_by_text("Nobody needs help.")).to_be_visible()
    dana.page.route("**/_dash-update-component*", lambda route: route.abort())

    streets.press(unit)

    on_alerts.shows(dana, unit)
    sync_api.expect(dana.page.locator("#alert-queue [data-alert]")).to_have_count(1)
    dana.page.keyboard.press("a")
    on_alerts.shows(dana, unit, state="acknowledged")
    dana.page.unroute_all()
    for expected in ("ERR_FAILED", "Callback failed"):
        dana.forgive(expected)


class TestWithOthersOpen:
    def test_the_banner_names_them_and_unfolds_the_queue(self, visit: Visit, streets: town.Town) -> None:
        dana, units = on_alerts.ready(visit()), town.of_demo()[1:3]
        streets.press(units[0])
        on_alerts.shows(dana, units[0])
        streets.press(units[1])
        other = on_alerts.name(dana, units[1])
        summary = on_alerts.banner(dana).locator("summary")
        sync_api.expect(summary).to_have_text(f"1 more open: {other}")
        sync_api.expect(on_alerts.banner(dana).locator("[data-other]")).to_be_hidden()

        summary.press("Enter")
        on_alerts.banner(dana).locator("[data-other] [data-action=acknowledge]").press("Enter")

        on_alerts.becomes(dana, {units[0]: "open", units[1]: "acknowledged"})

    def test_each_newcomer_is_said_and_heard(self, visit: Visit, streets: town.Town) -> None:
        dana, units = on_alerts.ready(visit()), town.of_demo()[1:3]
        played = "() => window.driveops.sound.state().played"
        dana.page.keyboard.press("Shift")
        dana.wait_for("() => window.driveops.sound.state().running", lambda running: running is True)
        streets.press(units[0])
        on_alerts.shows(dana, units[0])
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
            sync_api.expect(spoken.nth(place)).to_contain_text(
                f"{on_alerts.name(dana, unit)}, on {unit.device}, at 60.17"
            )

    def test_a_row_is_of_one_alert_only_and_its_focus_goes_with_it(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = on_alerts.ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        on_alerts.shows(dana, first)
        on_alerts.row(dana, first).locator("[data-action=resolve]").focus()
        streets.press(second)
        on_alerts.becomes(dana, {first: "open", second: "open"})
        # Drawn again, and it still is where it was.
        assert dana.evaluate("() => document.activeElement.dataset.action") == "resolve"

        dana.evaluate("() => driveops.post(`/api/v1/alerts/${driveops.choice.shown().id}/resolve`, { text: 'Well' })")

        on_alerts.shows(dana, second, chosen=False)
        assert dana.evaluate("() => document.activeElement === document.body")

    def test_the_dialog_names_who_needs_help_meanwhile(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = on_alerts.ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        on_alerts.shows(dana, first)
        dana.page.keyboard.press("r")
        line = dana.page.locator("#resolve-others")
        sync_api.expect(line).to_be_hidden()

        streets.press(second)

        on_alerts.becomes(dana, {first: "open", second: "open"})
        sync_api.expect(line).to_have_text(f"1 more open: {on_alerts.name(dana, second)}")
        sync_api.expect(line).to_have_attribute("aria-live", "assertive")


def test_alerts_are_told_as_text_and_whatever_is_unknown_as_it_is(visit: Visit, streets: town.Town) -> None:
    dana, unit = on_alerts.ready(visit()), town.of_demo()[1]
    streets.press(unit)
    on_alerts.shows(dana, unit)
    dana.evaluate(
        """() => { const [real] = driveops.alerts;
        const odd = { ...real, id: "odd", who: "<img src=x onerror=alert(1)>$&", lat: null, lon: null, press_count: 3,
            location_age_s: 65, remarks: ["old_position", "from_the_future"], cancelled_by_device_at: real.raised_at };
        const fob = { ...real, id: "fob", who: null, text: "Something of tomorrow", fob: "F-1", device_name: "GW-1" };
        driveops.alerts = [odd, fob]; driveops.emit("alerts", driveops.alerts); driveops.choice.choose("odd"); }"""
    )
    odd = on_alerts.banner(dana).locator("[data-alert=odd]")
    for words in ("<img src=x onerror=alert(1)>$&", "old position", "from_the_future", "3 presses", "check on them"):
        sync_api.expect(odd).to_contain_text(words)
    sync_api.expect(odd).to_contain_text("position 1 min 05 s old")
    sync_api.expect(odd.locator("[data-action]")).to_have_count(2)
    other = on_alerts.banner(dana).locator("[data-other=fob]")
    sync_api.expect(other).to_contain_text("fob F-1 on GW-1")
    sync_api.expect(other).to_contain_text("Something of tomorrow")


def test_alerts_are_french_on_french_pages(visit: Visit, streets: town.Town) -> None:
    dana, mona, unit = on_alerts.ready(visit()), on_alerts.ready(visit(people.MANAGER)), town.of_demo()[1]
    mona.evaluate("() => { document.cookie = 'language=fr; path=/'; location.reload(); }")
    sync_api.expect(mona.page.locator("#connection-badge")).to_contain_text("en direct")
    streets.press(unit)
    for visitor in (dana, mona):
        on_alerts.shows(visitor, unit)
    sync_api.expect(on_alerts.banner(mona)).to_contain_text("Bouton d’alarme actionné par")
    sync_api.expect(mona.page.locator("#alert-spoken")).to_contain_text("Bouton d’alarme actionné par")
    sync_api.expect(on_alerts.banner(mona)).not_to_contain_text("Panic")

    # Both take it: the second, whose page has not heard of it, is told who was faster.
    as_open = "() => { const [one] = driveops.alerts; driveops.act('acknowledge', { ...one, state: 'open' }); }"
    dana.page.keyboard.press("a")
    on_alerts.shows(mona, unit, state="acknowledged")
    mona.evaluate(as_open)

    sync_api.expect(mona.page.get_by_text("Quelqu’un a été plus rapide")).to_be_visible()
    sync_api.expect(mona.page.get_by_text(f"prise par {people.DISPATCHER.name}").last).to_be_visible()
    assert mona.page.get_by_text("already").count() == 0
    mona.forgive("409")


def test_times_count_by_the_servers_clock_and_are_not_said_each_second(visit: Visit, streets: town.Town) -> None:
    dana, unit = visit(None), town.of_demo()[1]
    dana.page.add_init_script("const now = Date.now; Date.now = () => now() + 3 * 3600 * 1000;")
    dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)
    on_alerts.ready(dana)

    streets.press(unit)

    on_alerts.shows(dana, unit)
    ago = on_alerts.banner(dana).locator(".ago")
    sync_api.expect(ago).to_have_text(re.compile(r"^[0-9]+ s$"))
    assert ago.evaluate("found => found.closest('[role=alert], [aria-live]')") is None
    spoken = dana.page.locator("#alert-spoken")
    sync_api.expect(spoken).to_contain_text("Panic button activated by")
    sync_api.expect(spoken).to_have_attribute("role", "alert")


def test_props_that_nobody_takes_hold_nothing_up_and_are_forgotten(visit: Visit, streets: town.Town) -> None:
    dana, unit = on_alerts.ready(visit()), town.of_demo()[1]
    dana.evaluate("() => window.driveops.setProps('of-another-page', { data: 1 })")
    dana.wait_for("() => window.driveops.unsent()", lambda unsent: unsent == ["of-another-page"])

    streets.press(unit)

    on_alerts.shows(dana, unit)
    dana.wait_for("() => window.driveops.unsent()", lambda unsent: unsent == [], limit_ms=30_000)


def test_a_sign_out_that_fails_says_so(visit: Visit) -> None:
    dana = on_alerts.ready(visit())
    dana.page.route("**/logout", lambda route: route.abort(), times=1)
    dana.page.locator("#account-menu summary").click()
    leave = dana.page.get_by_role("button", name="Sign out")

    leave.click()
    sync_api.expect(dana.page.get_by_text("You are still signed in")).to_be_visible()
    assert dana.page.url.endswith("/")

    leave.click()
    dana.page.wait_for_url("**/login")
    dana.forgive("ERR_FAILED")
