"""The map beside things that fail: tile servers, the socket, what it depends on, the browser's graphics."""

import base64
import http.server
import socket
import threading
from collections.abc import Iterator

import pytest
from playwright import sync_api

from tests.browser import conftest, on_map, people, town, visitor
from tests.browser.conftest import Visit
from tests.fixtures.ingest import IngestProcess
from tests.fixtures.web import WebFactory, WebProcess

pytestmark = pytest.mark.timeout(240)
_LIMIT_MS = 60_000
_DEAD = "#8c8c8c"
_TILE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def silent_tiles() -> Iterator[str]:
    """A server that takes every connection and never answers: host and port."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


class TileServer(http.server.ThreadingHTTPServer):
    """Answers 500 until it is well."""

    is_well = False

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: TileServer

    def do_GET(self) -> None:
        if not self.server.is_well:
            self.send_error(500)
            return
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(_TILE)

    def log_message(self, *_: object) -> None:
        """Tell nobody."""


@pytest.fixture
def broken_tiles() -> Iterator[TileServer]:
    """A server that answers 500."""
    with TileServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class TestTiles:
    """Somebody's tile server is no part of what must work."""

    def test_a_silent_server_hides_nothing_else(
        self,
        ingest: IngestProcess,
        make_web: WebFactory,
        silent_tiles: str,
        browser: sync_api.Browser,
        streets: town.Town,
    ) -> None:
        assert ingest.process is not None
        web = make_web(WEB_MAP_RASTER_URL=f"http://{silent_tiles}/{{z}}/{{x}}/{{y}}.png")
        web.start()
        streets.move()
        dana = visitor.Visitor(browser, web.url)
        dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)

        on_map.wait(dana, len(town.of_demo()))
        sync_api.expect(on_map.note(dana, "raster")).to_contain_text("does not answer", timeout=_LIMIT_MS)

        assert any(silent_tiles in complaint for complaint in dana.complaints)  # it was asked
        dana.forgive(f"{silent_tiles}/")
        assert dana.complaints == []
        dana.close()

    def test_a_failing_server_is_tried_again_when_the_socket_is_back(
        self,
        ingest: IngestProcess,
        make_web: WebFactory,
        broken_tiles: TileServer,
        browser: sync_api.Browser,
        streets: town.Town,
    ) -> None:
        assert ingest.process is not None
        web = make_web(WEB_MAP_RASTER_URL=f"http://{broken_tiles.place}/{{z}}/{{x}}/{{y}}.png")
        web.start()
        streets.move()
        dana = visitor.Visitor(browser, web.url)
        dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)
        sync_api.expect(on_map.note(dana, "raster")).to_contain_text("does not answer", timeout=_LIMIT_MS)
        on_map.wait(dana, len(town.of_demo()))

        said: list[str | bytes] = []
        # Playwright takes no built-in as a listener.
        dana.page.on("websocket", lambda opened: opened.on("framesent", lambda sent: said.append(sent)))  # noqa: PLW0108

        broken_tiles.is_well = True
        web.kill()
        sync_api.expect(on_map.note(dana, "dead")).to_contain_text("Not connected: positions are", timeout=_LIMIT_MS)
        with dana.page.expect_response(lambda answer: broken_tiles.place in answer.url and answer.ok):
            web.start()

        for reason in ("raster", "dead"):
            sync_api.expect(on_map.note(dana, reason)).to_have_count(0, timeout=_LIMIT_MS)
        assert ['"type":"view"' in str(each) for each in said] == [True]  # once, by the new socket
        _forgive_a_lost_server(dana)
        dana.forgive(f"{broken_tiles.place}/")
        assert dana.complaints == []
        dana.close()


def test_names_that_could_not_be_read_are_asked_for_again(visit: Visit, streets: town.Town) -> None:
    streets.move()
    unit = town.of_demo()[1]
    dana = visit(None)
    dana.page.route("**/api/v1/units", lambda route: route.abort())
    dana.page.route("**/api/v1/geofences", lambda route: route.abort())
    dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)
    sync_api.expect(on_map.note(dana, "reads")).to_contain_text("cannot be read", timeout=_LIMIT_MS)
    on_map.wait(dana, len(town.of_demo()))
    assert dana.evaluate("() => window.driveops.map.stats().named") == 0

    with dana.page.expect_response("**/api/v1/geofences", timeout=_LIMIT_MS):
        dana.page.unroute_all()

    dana.wait_for(visitor.MAP_STATS, lambda stats: stats["named"] > 0)
    assert on_map.place(dana, unit)["name"] == unit.device
    sync_api.expect(on_map.note(dana, "reads")).to_have_count(0)
    dana.forgive("ERR_FAILED")


def test_names_are_read_again_when_the_socket_is_back(visit: Visit, streets: town.Town, site: WebProcess) -> None:
    streets.move()
    dana = visit()
    on_map.wait(dana, len(town.of_demo()))

    site.kill()
    sync_api.expect(on_map.note(dana, "dead")).to_be_visible(timeout=_LIMIT_MS)
    with dana.page.expect_response("**/api/v1/units"), dana.page.expect_response("**/api/v1/geofences"):
        site.start()
    _forgive_a_lost_server(dana)


def test_a_town_that_could_not_be_loaded_is_tried_again(visit: Visit, streets: town.Town, site: WebProcess) -> None:
    streets.move()
    dana = visit(None)
    dana.page.route("**/basemap.pmtiles", lambda route: route.abort())
    dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)
    sync_api.expect(on_map.note(dana, "town")).to_be_visible(timeout=_LIMIT_MS)
    on_map.wait(dana, len(town.of_demo()))

    dana.page.unroute_all()
    site.kill()
    sync_api.expect(on_map.note(dana, "dead")).to_be_visible(timeout=_LIMIT_MS)
    with dana.page.expect_response("**/basemap.pmtiles"):
        site.start()

    sync_api.expect(on_map.note(dana, "town")).to_have_count(0, timeout=_LIMIT_MS)
    _forgive_a_lost_server(dana)


def test_the_map_is_grey_while_ingest_is_down(visit: Visit, streets: town.Town, ingest: IngestProcess) -> None:
    streets.move()
    dana = visit()
    on_map.wait(dana, len(town.of_demo()))
    assert on_map.stats(dana)["dead"] is False

    ingest.kill()

    sync_api.expect(on_map.note(dana, "dead")).to_contain_text("No new positions: these are", timeout=_LIMIT_MS)
    assert on_map.stats(dana)["dead"] is True
    on_map.wait_for_colour(dana, town.of_demo()[1], _DEAD)

    ingest.start()

    sync_api.expect(on_map.note(dana, "dead")).to_have_count(0, timeout=_LIMIT_MS)
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats["dead"] is False)


def test_libraries_that_could_not_be_loaded_are_tried_again(visit: Visit, streets: town.Town) -> None:
    streets.move()
    dana = visit(None)
    dana.page.route("**/static/vendor/maplibre-gl.mjs*", lambda route: route.abort())
    dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)
    sync_api.expect(dana.page.locator("#live-map")).to_contain_text("The map cannot be loaded.", timeout=_LIMIT_MS)

    dana.page.unroute_all()

    on_map.wait(dana, len(town.of_demo()))
    dana.forgive("ERR_FAILED")
    dana.forgive("map: Failed to fetch dynamically imported module")


def test_a_browser_without_graphics_is_told_so(browser: sync_api.Browser, site: WebProcess) -> None:
    plain = browser.browser_type.launch(
        executable_path=str(conftest.CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-3d-apis"]
    )
    dana = visitor.Visitor(plain, site.url)
    dana.sign_in(people.DISPATCHER.login, people.DISPATCHER.password)

    sync_api.expect(dana.page.locator("#live-map")).to_contain_text("The map cannot be loaded.", timeout=_LIMIT_MS)
    sync_api.expect(dana.page.locator("#unit-list")).to_be_visible()

    dana.forgive("console: map:")
    dana.close()
    plain.close()
    assert dana.complaints == []


def _forgive_a_lost_server(dana: visitor.Visitor) -> None:
    # The unit list asks every few seconds: one of its requests may well meet a server that is not there.
    for expected in ("WebSocket connection", "Failed to load resource", "ERR_", "status 5", "Callback failed"):
        dana.forgive(expected)
