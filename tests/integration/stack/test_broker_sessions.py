"""Sessions of devices that are away while the broker reads its users again."""

import contextlib
import time

import pytest

from gateway import uplink
from ingest import subscriber
from tests.fixtures.broker import RunningBroker
from tests.integration.stack import mqtt_probe

_DEVICES = [f"demo/van-{number:02d}" for number in range(1, 5)]
_EXPIRY_S = uplink._SESSION_EXPIRY_S
#: The broker looks once a second for sessions to expire.
_SEVERAL_LOOKS_S = 3.0
#: Sessions that were left in different seconds stand apart in its list.
_NEXT_SECOND_S = 1.0


@pytest.mark.parametrize("restarts", [False, True])
def test_devices_that_were_away_when_a_user_was_added_are_not_cut_off(broker: RunningBroker, *, restarts: bool) -> None:
    for device in _DEVICES:
        with _device(broker, device) as probe:
            probe.subscribe(f"driveops/v1/{device}/ack")
        time.sleep(_NEXT_SECOND_S)
    if restarts:
        broker.restart()

    broker.password("demo/new")  # makes the broker read its users again
    with contextlib.ExitStack() as connected:
        for device in _DEVICES:
            connected.enter_context(_device(broker, device))
        time.sleep(_SEVERAL_LOOKS_S)

    assert "Expiring client" not in broker.server.process.log.read_text()


def test_ingest_keeps_its_sessions_as_long_as_gateways_do() -> None:
    assert subscriber._SESSION_EXPIRY_S == _EXPIRY_S


def _device(broker: RunningBroker, device: str) -> contextlib.AbstractContextManager[mqtt_probe.Probe]:
    return mqtt_probe.connected(broker, device, client_id=device.replace("/", "."), session_s=_EXPIRY_S)
