"""A small seeded town whose units send what a test wants, over the real broker and ingest."""

import datetime as dt
import json
import threading
import time
import uuid

from db.seed import demo, roster
from domain import geo, telemetry
from domain.wire import fixes, topics
from tests import device_sender

UNITS, VANS = 12, 1
LISTED = roster.enlist(units=UNITS, gateways=VANS)
MIDDLE = geo.Position(60.1705, 24.9435)
_STEP_DEG = 0.0003
_RESEND_STEPS = 3


class Town:
    """Units on a grid around the middle of the seeded town; they send once a second while they move."""

    def __init__(self, url: str) -> None:
        self._client = device_sender.connect(url, "town")
        self._client.loop_start()
        self._seq = time.time_ns() // 1_000_000
        self._moving = threading.Event()
        self._thread: threading.Thread | None = None
        self._presses: list[tuple[str, str]] = []

    def report(
        self,
        unit: roster.Unit,
        position: geo.Position,
        *,
        speed_mps: float = 8.0,
        course_deg: float = 90.0,
        age_s: float = 0.0,
    ) -> None:
        """One fix of one unit, now or a while ago."""
        self._seq += 1
        fix = telemetry.Fix(
            time=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age_s),
            position=position,
            mode=telemetry.FixMode.THREE_D,
            speed_mps=speed_mps,
            course_deg=course_deg,
            hdop=0.9,
        )
        topic = topics.device_topic(unit.tenant, unit.device, topics.Lane.FIXES)
        self._client.publish(topic, fixes.encode([fixes.Numbered(seq=self._seq, fix=fix)]), qos=1)

    def press(self, unit: roster.Unit, position: geo.Position = MIDDLE) -> None:
        """A unit's panic button, with a position."""
        self._seq += 1
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        press = {
            "id": str(uuid.uuid4()),
            "t": now,
            "clock": "gps",
            "fob": unit.fob,
            "kind": "press",
            "bat": 88,
            "fix": {"t": now, "lat": position.lat, "lon": position.lon, "fix": 3},
            "fix_age_s": 0.2,
            "seq": self._seq,
        }
        self._presses.append((topics.device_topic(unit.tenant, unit.device, topics.Lane.PANIC), json.dumps(press)))
        self._send_presses()

    def move(self) -> None:
        """Let every unit go east, a step a second, until `close`."""
        self._thread = threading.Thread(target=self._go, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop and disconnect."""
        self._moving.set()
        if self._thread is not None:
            self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _send_presses(self) -> None:
        # Again and again, as a gateway does without an acknowledgement: a press counts once by its id.
        for topic, payload in list(self._presses):
            self._client.publish(topic, payload, qos=1)

    def _go(self) -> None:
        step = 0
        while not self._moving.wait(1.0):
            step += 1
            if step % _RESEND_STEPS == 0:
                self._send_presses()
            for place, unit in enumerate(LISTED):
                self.report(unit, where(place, step))


def where(place: int, step: int = 0) -> geo.Position:
    """Where a unit of the list is after so many steps."""
    return geo.Position(
        MIDDLE.lat + (place % 4 - 1.5) * 0.001, MIDDLE.lon + (place // 4 - 1.5) * 0.002 + (step % 20) * _STEP_DEG
    )


def of_demo() -> list[roster.Unit]:
    """The units of the first company."""
    return [unit for unit in LISTED if unit.tenant == roster.DEMO]


def of_other() -> list[roster.Unit]:
    """The units of the other company."""
    return [unit for unit in LISTED if unit.tenant != roster.DEMO]


COMPANIES = {company.slug: company for company in demo.COMPANIES}
