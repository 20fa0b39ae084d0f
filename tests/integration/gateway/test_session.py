"""The uplink at a real broker: what ends its session or keeps it from one, and what comes after."""

import errno
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt import enums

from domain.wire import topics
from gateway import broker_client, configuration, uplink
from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends
from tests.integration.gateway.ends import eventually

MakeLink = Callable[[Callable[[], None]], uplink.Uplink]


@pytest.fixture
def settings(broker: RunningBroker, tmp_path: Path) -> configuration.Configuration:
    path = tmp_path / "gateway.toml"
    path.write_text(ends.configuration(tmp_path, broker.port, broker.password(ends.USER)))
    return configuration.load(path)


@pytest.fixture
def make_link(settings: configuration.Configuration) -> Iterator[MakeLink]:
    """Start an uplink; it is stopped at the end."""
    links = []

    def make(changed: Callable[[], None]) -> uplink.Uplink:
        links.append(
            uplink.Uplink(settings, receive=lambda _lane, _payload: None, changed=changed, is_urgent=lambda: False)
        )
        links[-1].start()
        return links[-1]

    yield make
    for link in links:
        link.stop()


@pytest.fixture
def twin(settings: configuration.Configuration) -> Iterator[mqtt.Client]:
    """Another client of the same name, not yet connected."""
    client = broker_client.new(settings, f"{ends.TENANT}.{ends.DEVICE}", None)
    yield client
    client.disconnect()
    client.loop_stop()


def test_a_connection_whose_thread_dies_is_made_anew(make_link: MakeLink) -> None:
    troubles = [ValueError("a fault of ours")]

    def changed() -> None:
        if troubles:
            raise troubles.pop()

    link = make_link(changed)

    eventually(lambda: link.connections >= 2 and link.session > 0, "it is connected again")


def test_a_session_taken_over_by_another_of_the_name_is_not_taken_back_at_once(
    make_link: MakeLink,
    twin: mqtt.Client,
    settings: configuration.Configuration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A connection that is merely lost is made anew within milliseconds here, a refused one not within this test.
    monkeypatch.setattr(uplink, "_FIRST_WAIT_S", 0.002)
    monkeypatch.setattr(uplink, "_REFUSED_WAIT_S", 600.0)
    link = make_link(lambda: None)
    eventually(lambda: link.session > 0, "it is connected")

    broker_client.open_session(twin, settings.broker, expiry_s=0xFFFF_FFFF)
    twin.loop_start()
    eventually(lambda: link.session == 0, "the other has put it out")
    eventually(twin.is_connected, "the other is connected")
    status = topics.device_topic(ends.TENANT, ends.DEVICE, topics.Lane.STATUS)
    for _ in range(300):  # the broker has time for many a connection meanwhile
        twin.publish(status, b"{}", qos=1).wait_for_publish(ends.LIMIT_S)

    assert link.connections == 1
    assert link.problem is not None
    assert "(Session taken over): another gateway connects as demo/van-01" in link.problem
    assert twin.is_connected()
    link.hurry()
    eventually(lambda: link.connections == 2, "a press that waits ends the pause")


def test_a_client_whose_thread_cannot_be_started_is_said_and_another_one_is_made(
    make_link: MakeLink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start = mqtt.Client.loop_start
    troubles = [OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")]

    def loop_start(client: mqtt.Client) -> enums.MQTTErrorCode:
        if troubles:
            raise troubles.pop()
        return start(client)

    monkeypatch.setattr(mqtt.Client, "loop_start", loop_start)

    link = make_link(lambda: None)

    eventually(lambda: link.problem is None, "the next one connects")
    assert link.session == 1
    assert "no broker at 127.0.0.1:" in caplog.text
    assert "Cannot assign requested address; trying again" in caplog.text
    assert "stumbled" not in caplog.text
