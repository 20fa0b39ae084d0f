"""A telephone, 390 points wide: nothing of the bar is out of sight."""

from playwright import sync_api

from tests.browser import people, visitor
from tests.browser.conftest import Visit
from tests.fixtures.ingest import IngestProcess


def test_the_bar_shows_all_of_itself_in_french(visit: Visit, ingest: IngestProcess) -> None:
    mona = visit(people.MANAGER, viewport={"width": 390, "height": 844})
    mona.wait_for(visitor.MAP_STATS, lambda stats: stats is not None)
    mona.evaluate("() => { document.cookie = 'language=fr; path=/'; location.reload(); }")
    sync_api.expect(mona.page.locator("#connection-badge")).to_contain_text("en direct")
    mona.page.locator("#sound-switch").click()
    ingest.kill()
    sync_api.expect(mona.page.locator("#connection-badge")).to_contain_text("ingestion", timeout=60_000)

    links = mona.page.get_by_role("link", name="Aujourd’hui")
    parts = (
        "#sound-switch",
        "#muted-badge",
        "#connection-badge",
        "#language-switch",
        "#scheme-switch",
        "#account-menu",
    )
    for part in (links, *map(mona.page.locator, parts)):
        sync_api.expect(part).to_be_in_viewport(ratio=1)
    bar = mona.page.locator("header")
    assert bar.evaluate("bar => [bar.scrollWidth - bar.clientWidth, bar.scrollHeight - bar.clientHeight]") == [0, 0]
