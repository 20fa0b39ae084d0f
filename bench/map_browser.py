"""10,000 units that all move each second before a real browser, with the real broker, web server and page.

Two figures of the main thread, both Chromium's own count (Performance.getMetrics, TaskDuration) of all that the page does, the
unit list and the decoding too: the time that it is busy by the clock, to which the target is held, and the time that the thread
itself works. The first holds what it waits for the graphics; without a graphics card that is software on the same two cores.
"""

import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import numpy as np
import psycopg
import pwdlib
from paho.mqtt import client as mqtt
from paho.mqtt import enums
from playwright import sync_api

from bench import stage
from db import access, accounts, engine, roles
from domain import accounts as domain_accounts
from domain.wire import topics
from ingest import batch_store, live_feed
from stack import broker_config, ports, scratch, town_build, web_vendor

UNITS, FENCES = 10_000, 50
SECONDS = 120
_WARM_S, _START_S, _LIMIT_MS = 15, 60.0, 120_000
_CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
_WEST, _SOUTH, _WIDE, _HIGH = 24.935, 60.163, 0.015, 0.014  # what the map opens on, with room to move
_STEP_DEG, _TURN_S = 0.00018, 20  # 10 m a second to the east, and back
_LOGIN, _PASSWORD = "bench@test.example", "correct horse battery"
_STATS = "() => (window.driveops && driveops.map && driveops.map.stats) ? driveops.map.stats() : null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One of the ways in which units are drawn: how far out one must zoom, and what a tick may cost."""

    name: str
    zoom_outs: int
    is_clustered: bool
    most_ms: int


LOOKS = (
    Look(name="icons", zoom_outs=0, is_clustered=False, most_ms=200),
    Look(name="circles", zoom_outs=2, is_clustered=False, most_ms=100),
    Look(name="clusters", zoom_outs=2, is_clustered=True, most_ms=100),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The counters at one moment."""

    at_s: float
    frames: int
    worked_s: float
    busy_s: float
    heap_mib: float
    server_mib: float


def measure(seconds: int = SECONDS) -> list[dict[str, Any]]:
    """The rows of every look, one after the other on one page."""
    with stage.running(devices_count=UNITS, fences=FENCES) as servers, servers.ingest():
        _employ(servers)
        with _web(servers) as (url, process), _Feed(servers), sync_api.sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=list(_ARGUMENTS))
            page = chromium.new_page(base_url=url, viewport={"width": 1440, "height": 900})
            _sign_in(page)
            return [row for look in LOOKS for row in _measure(look, page, process, seconds)]


def _measure(look: Look, page: sync_api.Page, process: subprocess.Popen[bytes], seconds: int) -> list[dict[str, Any]]:
    for _ in range(look.zoom_outs):
        page.get_by_role("button", name="Zoom out").click()
        page.wait_for_timeout(1_500)
    _wait(page, lambda stats: stats["clusters"] > 0 if look.is_clustered else stats["units"] == UNITS)
    page.wait_for_timeout(_WARM_S * 1_000)
    counters = Counters(page, process)
    first = counters.read()
    page.wait_for_timeout(seconds * 1_000)
    last = counters.read()
    ticks = last.frames - first.frames
    worked_ms, busy_ms = (
        round((after - before) / ticks * 1e3, 1)
        for before, after in ((first.worked_s, last.worked_s), (first.busy_s, last.busy_s))
    )
    name = f"map_10k_{look.name}"
    return [
        _row(name, busy_ms, "ms of main thread a tick", target=f"<= {look.most_ms}", met=busy_ms <= look.most_ms),
        _row(f"{name}_worked", worked_ms, "ms a tick of these, without waiting for the graphics"),
        _row(f"{name}_ticks", round(ticks / (last.at_s - first.at_s), 2), "ticks a second shown"),
        _row(f"{name}_heap_start", first.heap_mib, "MiB of JavaScript"),
        _row(f"{name}_heap_end", last.heap_mib, "MiB of JavaScript"),
        _row(f"{name}_server_start", first.server_mib, "MiB of the web server"),
        _row(f"{name}_server_end", last.server_mib, "MiB of the web server"),
    ]


class Counters:
    """What Chromium and the system count of the page and of the web server."""

    def __init__(self, page: sync_api.Page, process: subprocess.Popen[bytes]) -> None:
        self._page, self._process = page, process
        self._worked, self._busy = self._count("threadTicks"), self._count("timeTicks")

    def read(self) -> Reading:
        """All of them now, after the garbage has been collected."""
        for command in ("enable", "collectGarbage", "disable"):
            self._busy.send(f"HeapProfiler.{command}")
        resident = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self._process.pid}/status").read_text())
        assert resident is not None
        busy = _metrics(self._busy)
        return Reading(
            at_s=time.monotonic(),
            frames=self._page.evaluate(_STATS)["frames"],
            worked_s=_metrics(self._worked)["TaskDuration"],
            busy_s=busy["TaskDuration"],
            heap_mib=round(busy["JSHeapUsedSize"] / 2**20, 1),
            server_mib=round(int(resident[1]) / 2**10, 1),
        )

    def _count(self, clock: str) -> sync_api.CDPSession:
        session = self._page.context.new_cdp_session(self._page)
        session.send("Performance.enable", {"timeDomain": clock})
        return session


def _metrics(session: sync_api.CDPSession) -> dict[str, float]:
    return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}


def _wait(page: sync_api.Page, reached: Callable[[dict[str, Any]], bool]) -> None:
    for _ in range(_LIMIT_MS // 500):
        stats = page.evaluate(_STATS)
        if stats is not None and reached(stats):
            return
        page.wait_for_timeout(500)
    raise RuntimeError(f"the map is not as wanted: {page.evaluate(_STATS)}")


def _sign_in(page: sync_api.Page) -> None:
    page.goto("/")
    page.get_by_role("textbox", name="E-mail").fill(_LOGIN)
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def _employ(servers: stage.Stage) -> None:
    with engine.connect(servers.owner_dsn) as connection:
        hashed = pwdlib.PasswordHash.recommended().hash(_PASSWORD)
        new = accounts.NewAccount(
            login=_LOGIN, name="Bench", role=domain_accounts.Role.DISPATCHER, password_hash=hashed
        )
        accounts.add(connection, servers.tenant_id, new)
        connection.commit()


@contextmanager
def _web(servers: stage.Stage) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The web server at work: its address and process."""
    secret = {name: secrets.token_urlsafe(12) for name in (roles.WEB, roles.AUTH, broker_config.WEB)}
    with engine.connect(servers.owner_dsn) as connection:
        access.set_passwords(connection, {role: secret[role] for role in (roles.WEB, roles.AUTH)})
    servers.broker.set_users({broker_config.WEB: secret[broker_config.WEB]})
    cache, port = scratch.choice().cache_dir, ports.free(None)
    env = {
        **os.environ,
        "WEB_DATABASE_URL": servers.postgres.dsn("bench", user=roles.WEB, password=secret[roles.WEB]),
        "WEB_AUTH_DATABASE_URL": servers.postgres.dsn("bench", user=roles.AUTH, password=secret[roles.AUTH]),
        "WEB_MQTT_URL": servers.broker.url(broker_config.WEB, secret[broker_config.WEB]),
        "WEB_VENDOR_DIR": str(web_vendor.ensure(cache, _silent) / web_vendor.BROWSER),
        "WEB_MAP_PMTILES": str(town_build.ensure(cache, _silent) / town_build.BASEMAP),
        "WEB_HOST": "127.0.0.1",
        "WEB_PORT": str(port),
    }
    with (servers.folder / "web.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", "dashboard", "run"], env=env, stdout=log, stderr=log)
    try:
        _wait_until_it_answers(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            if httpx.get(f"{url}/api/v1/health", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the web server does not answer")
        time.sleep(0.2)


def _silent(*_: object) -> None:
    """Tell nobody how the fetching goes."""


class _Feed:
    """Publishes, as ingest would, a frame of all units a second while the block runs."""

    def __init__(self, servers: stage.Stage) -> None:
        with psycopg.connect(servers.owner_dsn) as connection:
            ids = [row[0] for row in connection.execute("SELECT id FROM device ORDER BY id")]
        place = np.random.default_rng(5)
        self._rows = np.zeros(len(ids), batch_store.LIVE_DTYPE)
        self._rows["device_id"] = ids
        self._rows["lat"] = place.uniform(_SOUTH, _SOUTH + _HIGH, len(ids))
        self._rows["lon"] = place.uniform(_WEST, _WEST + _WIDE, len(ids))
        self._rows["speed_mps"], self._rows["moving"], self._rows["fix_mode"] = 10.0, True, 3
        self._client = mqtt.Client(enums.CallbackAPIVersion.VERSION2, client_id="bench-feed", protocol=mqtt.MQTTv5)
        self._client.username_pw_set(broker_config.INGEST, servers.passwords[broker_config.INGEST])
        self._client.connect("127.0.0.1", servers.broker.port)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _go(self) -> None:
        step = 0
        while not self._over.wait(1.0 - time.time() % 1.0):
            is_outward = step // _TURN_S % 2 == 0
            self._rows["lon"] += _STEP_DEG if is_outward else -_STEP_DEG
            self._rows["course_deg"] = 90.0 if is_outward else 270.0
            now_ms = time.time_ns() // 1_000_000
            self._rows["time_us"] = now_ms * 1000
            self._client.publish(topics.live_topic(stage.TENANT), live_feed.encode(now_ms, self._rows))
            step += 1


def _row(name: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, **more}
