"""Which alert a key acts on, and where letters are letters."""

import pytest
from playwright import sync_api

from tests.browser import on_alerts, people, town
from tests.browser.conftest import Visit


class TestWhichAlertTheKeysMean:
    def test_it_is_the_one_in_the_banner(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = on_alerts.ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        on_alerts.shows(dana, first)
        dana.page.keyboard.press("a")
        on_alerts.shows(dana, first, state="acknowledged")

        streets.press(second)
        on_alerts.shows(dana, second, chosen=False)  # it took the place of another
        dana.page.keyboard.press("z")
        on_alerts.shows(dana, second)
        dana.page.keyboard.press("a")
        on_alerts.becomes(dana, {first: "acknowledged", second: "acknowledged"})
        on_alerts.shows(dana, second, state="acknowledged")

        dana.page.keyboard.press("r")
        who = dana.evaluate(f"() => window.driveops.alerts.find(alert => alert.device_name === {second.device!r}).who")
        sync_api.expect(dana.page.locator("#resolve-modal")).to_contain_text(who)
        dana.page.keyboard.type("All is well")
        dana.page.keyboard.press("Enter")
        on_alerts.becomes(dana, {first: "acknowledged"})

    def test_with_several_open_a_key_chooses_first(self, visit: Visit, streets: town.Town) -> None:
        dana, units = on_alerts.ready(visit()), town.of_demo()[1:4]
        first = units[0]
        streets.press(first)
        on_alerts.shows(dana, first)
        for unit in units[1:]:
            streets.press(unit)
        on_alerts.becomes(dana, dict.fromkeys(units, "open"))
        on_alerts.shows(dana, first)  # the chosen one stays
        dana.page.keyboard.press("a")
        on_alerts.becomes(dana, {first: "acknowledged", units[1]: "open", units[2]: "open"})

        sync_api.expect(on_alerts.banner(dana)).to_contain_text("1 more open")
        urgent = next(unit for unit in units[1:] if on_alerts.row(dana, unit).count())
        sync_api.expect(on_alerts.banner(dana)).to_contain_text(
            on_alerts.name(dana, next(unit for unit in units[1:] if unit != urgent))
        )
        other = next(unit for unit in units[1:] if unit != urgent)
        on_alerts.shows(dana, urgent, chosen=False)
        dana.page.keyboard.press("a")
        on_alerts.shows(dana, urgent)
        assert on_alerts.states(dana)[urgent.device] == "open"

        dana.page.keyboard.press("j")
        dana.page.keyboard.press("a")
        on_alerts.becomes(dana, {first: "acknowledged", urgent: "open", other: "acknowledged"})
        on_alerts.shows(dana, urgent, chosen=False)

    def test_a_key_pressed_twice_takes_one_of_two(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = on_alerts.ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        on_alerts.shows(dana, first)
        streets.press(second)
        on_alerts.becomes(dana, {first: "open", second: "open"})

        dana.page.keyboard.press("a")
        dana.page.keyboard.press("a")
        on_alerts.shows(dana, second, chosen=False)
        dana.page.keyboard.press("a")

        on_alerts.shows(dana, second)
        on_alerts.becomes(dana, {first: "acknowledged", second: "open"})

    def test_one_resolved_by_a_colleague_hands_the_key_to_nobody(self, visit: Visit, streets: town.Town) -> None:
        dana, mona = on_alerts.ready(visit()), on_alerts.ready(visit(people.MANAGER))
        first, second = town.of_demo()[1:3]
        streets.press(first)
        for visitor in (dana, mona):
            on_alerts.shows(visitor, first)
        streets.press(second)
        on_alerts.becomes(dana, {first: "open", second: "open"})
        mona.page.keyboard.press("r")
        mona.page.keyboard.type("Spoke to him")
        mona.page.keyboard.press("Enter")
        on_alerts.becomes(dana, {second: "open"})
        on_alerts.shows(dana, second, chosen=False)

        dana.page.keyboard.press("a")

        on_alerts.shows(dana, second)
        dana.page.wait_for_timeout(1_000)
        on_alerts.becomes(dana, {second: "open"})

    def test_nor_does_one_that_comes_just_as_the_only_one_went(self, visit: Visit, streets: town.Town) -> None:
        dana, (first, second) = on_alerts.ready(visit()), town.of_demo()[1:3]
        streets.press(first)
        on_alerts.shows(dana, first)
        dana.evaluate(
            f"""() => {{ const [gone] = driveops.alerts; const next = {{ ...gone, id: "next", device_name: {second.device!r} }};
            for (const list of [[], [next]]) {{ driveops.alerts = list; driveops.emit("alerts", list); }} }}"""
        )
        on_alerts.shows(dana, second, chosen=False)

    @pytest.mark.parametrize("key", ["r", "z"])
    def test_a_taken_one_displaced_by_an_open_one_hands_it_no_key(
        self, visit: Visit, streets: town.Town, key: str
    ) -> None:
        dana, (first, second) = on_alerts.ready(visit()), town.of_demo()[1:3]
        dana.page.goto("/alerts")
        streets.press(first)
        on_alerts.shows(dana, first)
        dana.page.keyboard.press("a")
        on_alerts.shows(dana, first, state="acknowledged")
        streets.press(second)
        on_alerts.shows(dana, second, chosen=False)

        dana.page.keyboard.press(key)

        on_alerts.shows(dana, second)
        sync_api.expect(dana.page.locator("#resolve-modal")).to_be_hidden()
        assert dana.page.url.endswith("/alerts")


@pytest.mark.parametrize(
    "place",
    [".maplibregl-canvas", "#unit-list .ag-row .ag-cell", "#language-switch input[type=radio]:checked", "#unit-state"],
)
def test_letters_work_wherever_nobody_writes(visit: Visit, streets: town.Town, place: str) -> None:
    dana = on_alerts.ready(visit())
    streets.report(town.of_demo()[1], town.MIDDLE)
    found = dana.page.locator(place).first
    if "input" in place or place == "#unit-state":
        found.focus()
    else:
        found.click(position={"x": 5, "y": 5})
    assert dana.evaluate("() => document.activeElement !== document.body")

    streets.press(town.of_demo()[1])
    on_alerts.shows(dana, town.of_demo()[1])
    dana.page.keyboard.press("a")

    on_alerts.shows(dana, town.of_demo()[1], state="acknowledged")


def test_letters_are_text_in_a_field(visit: Visit, streets: town.Town) -> None:
    dana, unit = on_alerts.ready(visit()), town.of_demo()[1]
    streets.press(unit)
    on_alerts.shows(dana, unit)

    dana.page.locator("#unit-search").press_sequentially("ar")
    dana.page.locator("#connection-badge").click()
    dana.page.keyboard.press("z")

    sync_api.expect(dana.page.locator("#unit-search")).to_have_value("ar")
    assert on_alerts.states(dana) == {unit.device: "open"}
    sync_api.expect(dana.page.locator("#resolve-modal")).to_be_hidden()
