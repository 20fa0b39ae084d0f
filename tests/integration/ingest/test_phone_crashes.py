"""Phones on both ways while ingest processes die: what is answered is stored, each fix once, each SOS once."""

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from stack import ports
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestFactory, IngestProcess, start_together
from tests.integration.ingest.conftest import Acme
from tests.integration.ingest.test_phones import PHONE, TST, register, wait_for
from tests.integration.stack import mqtt_probe

pytestmark = pytest.mark.timeout(180)

OVER_MQTT = "phone-2"
_PAUSE_S, _LIMIT_S = 0.02, 10.0
_SOS_EACH = 25


class Phone:
    """Sends a position after the other, each again until it is taken, as apps do."""

    def __init__(self) -> None:
        self.sent = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def send(self, number: int) -> bool:
        """Whether it was taken."""
        raise NotImplementedError

    @contextmanager
    def sending(self) -> Iterator[None]:
        self._thread.start()
        yield
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        for number in itertools.count():
            while not self.send(number):
                self._stopping.wait(_PAUSE_S)
            self.sent = number + 1
            if self._stopping.wait(_PAUSE_S):
                return


class OverHttp(Phone):
    """Calls for help now and then."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__()
        self._url, self._token = url, token

    def send(self, number: int) -> bool:
        query = {"id": self._token, "lat": "60", "lon": "24", "timestamp": str(TST + number)}
        if number % _SOS_EACH == 0:
            query["alarm"] = "sos"
        try:
            return httpx.get(self._url, params=query, timeout=_LIMIT_S).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


class OverMqtt(Phone):
    """Leaves it to the broker once that has it."""

    def __init__(self, probe: mqtt_probe.Probe) -> None:
        super().__init__()
        self._probe = probe

    def send(self, number: int) -> bool:
        record = {"_type": "location", "lat": 60, "lon": 24, "tst": TST + number}
        return self._probe.publish(f"owntracks/acme/{OVER_MQTT}", json.dumps(record).encode()) == "Success"


@pytest.fixture
def processes(acme: Acme, make_ingest: IngestFactory) -> list[IngestProcess]:
    """Two of them on one port, which share the shards and the lanes."""
    port = str(ports.free())
    made = [make_ingest(INGEST_HTTP_PORT=port) for _ in range(2)]
    start_together(*made)
    assert acme.devices
    return made


def test_nothing_of_a_phone_is_lost_or_doubled_whichever_process_dies(
    acme: Acme, broker: RunningBroker, processes: list[IngestProcess]
) -> None:
    url = f"http://127.0.0.1:{processes[0].env['INGEST_HTTP_PORT']}"
    over_http = OverHttp(url, register(acme))
    register(acme, OVER_MQTT)
    with mqtt_probe.connected(broker, f"acme/{OVER_MQTT}") as probe:
        over_mqtt = OverMqtt(probe)
        with over_http.sending(), over_mqtt.sending():
            for process in processes:  # one of them holds the lease of OwnTracks' topics
                before = over_http.sent
                wait_for(lambda before=before: over_http.sent > before + 30)  # type: ignore[misc]
                process.kill()
                process.start()
                process.wait_until(lambda vitals: 0 < vitals.get("shards", 0) < 40)

    def stored(name: str) -> list[int]:
        rows = acme.select(
            "SELECT extract(epoch FROM f.time)::bigint FROM fix f JOIN device d ON d.id = f.device_id"
            " WHERE d.name = %s ORDER BY 1",
            name,
        )
        return [second - TST for (second,) in rows]

    for name, phone in ((PHONE, over_http), (OVER_MQTT, over_mqtt)):
        wait_for(lambda name=name, phone=phone: len(stored(name)) >= phone.sent)  # type: ignore[misc]
        assert stored(name) == list(range(phone.sent))
    presses = len(range(0, over_http.sent, _SOS_EACH))
    assert acme.select("SELECT press_count FROM alert") == [(presses,)]
    assert acme.select("SELECT count(*) FROM press") == [(presses,)]
    wait_for(lambda: acme.select("SELECT count(*) FROM sender_queue") == [(0,)])
