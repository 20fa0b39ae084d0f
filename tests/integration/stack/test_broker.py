import socket

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt import enums

from domain.wire import topics
from stack import broker as broker_module
from stack import broker_config, errors
from tests.fixtures.broker import RunningBroker
from tests.integration.stack.mqtt_probe import connected, wait_for

VAN, NEIGHBOUR, OTHER = "demo/van-01", "demo/van-02", "rival/van-01"
_OK = "Success"
_LET_IN = {_OK, "No matching subscribers"}


def own(lane: topics.Lane, user: str = VAN) -> str:
    tenant, device = user.split("/")
    return topics.device_topic(tenant, device, lane)


@pytest.mark.parametrize("lane", [topics.Lane.FIXES, topics.Lane.PANIC, topics.Lane.STATUS, topics.Lane.REPLY])
def test_what_a_device_sends_on_its_own_prefix_reaches_ingest(broker: RunningBroker, lane: topics.Lane) -> None:
    with connected(broker, broker_config.INGEST) as ingest, connected(broker, VAN) as van:
        ingest.subscribe("driveops/v1/#")

        assert van.publish(own(lane)) == _OK
        wait_for(lambda: ingest.received == [(own(lane), b"x")])


@pytest.mark.parametrize("victim", [NEIGHBOUR, OTHER])
@pytest.mark.parametrize("lane", list(topics.Lane))
def test_a_device_may_not_speak_on_the_prefix_of_another(broker: RunningBroker, lane: topics.Lane, victim: str) -> None:
    with connected(broker, broker_config.INGEST) as ingest, connected(broker, VAN) as van:
        ingest.subscribe("driveops/#")

        assert van.publish(own(lane, victim)) == "Not authorized"
        assert van.publish(own(topics.Lane.STATUS), b"after it") == _OK
        wait_for(lambda: bool(ingest.received))
    assert ingest.received == [(own(topics.Lane.STATUS), b"after it")]


@pytest.mark.parametrize(
    "topic",
    [
        own(topics.Lane.ACK),
        own(topics.Lane.COMMAND),
        "driveops/v1/demo/van-01/anything",
        "driveops/v1/demo/van-01/fixes",
        "driveops/v1/demo/van-01/fixes/00/more",
        topics.live_topic("demo"),
        "owntracks/demo/van-02",
    ],
)
def test_a_device_may_not_write_what_is_not_its_own_to_say(broker: RunningBroker, topic: str) -> None:
    with connected(broker, VAN) as van:
        assert van.publish(topic) == "Not authorized"


def test_a_device_hears_its_own_answers_and_nobody_elses(broker: RunningBroker) -> None:
    with connected(broker, VAN) as van, connected(broker, broker_config.INGEST) as ingest:
        van.subscribe("driveops/#")
        for user in (OTHER, NEIGHBOUR, VAN):
            for lane in topics.Lane:
                ingest.publish(own(lane, user), user.encode())
        ingest.publish(topics.live_topic("demo"))
        ingest.publish(own(topics.Lane.ACK), b"last")
        wait_for(lambda: (own(topics.Lane.ACK), b"last") in van.received)
    heard = {topic for topic, _payload in van.received}
    assert heard == {own(topics.Lane.ACK), own(topics.Lane.COMMAND)}


@pytest.mark.parametrize("victim", [NEIGHBOUR, OTHER])
@pytest.mark.parametrize("lane", [topics.Lane.ACK, topics.Lane.COMMAND])
def test_a_device_hears_no_answer_of_another_by_its_name_or_by_a_share(
    broker: RunningBroker, lane: topics.Lane, victim: str
) -> None:
    with connected(broker, VAN) as van, connected(broker, broker_config.INGEST) as ingest:
        for topic in (own(lane, victim), f"$share/all/{own(lane, victim)}", f"driveops/v1/{victim}/#"):
            van.subscribe(topic)
        van.subscribe(own(topics.Lane.ACK))
        ingest.publish(own(lane, victim), b"not for you")
        ingest.publish(own(topics.Lane.ACK), b"for you")
        wait_for(lambda: bool(van.received))
    assert van.received == [(own(topics.Lane.ACK), b"for you")]


@pytest.mark.parametrize("victim", [NEIGHBOUR, OTHER])
def test_a_last_will_on_the_prefix_of_another_is_not_told(broker: RunningBroker, victim: str) -> None:
    with connected(broker, broker_config.INGEST) as ingest:
        ingest.subscribe("driveops/v1/#")
        for user in (victim, VAN):
            client = mqtt.Client(enums.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
            client.username_pw_set(VAN, broker.password(VAN))
            client.will_set(own(topics.Lane.STATUS, user), b"gone", qos=1)
            client.connect("127.0.0.1", broker.port)
            client.loop_start()
            wait_for(client.is_connected)
            client.loop_stop()
            sock = client.socket()
            assert isinstance(sock, socket.socket)
            sock.close()
        wait_for(lambda: bool(ingest.received))
    assert ingest.received == [(own(topics.Lane.STATUS), b"gone")]


def test_ingest_may_not_speak_as_a_device(broker: RunningBroker) -> None:
    with connected(broker, broker_config.INGEST) as ingest:
        assert ingest.publish(own(topics.Lane.PANIC)) == "Not authorized"
        assert ingest.publish(own(topics.Lane.ACK)) in _LET_IN
        assert ingest.publish(topics.event_topic("demo", "alert")) in _LET_IN


@pytest.mark.parametrize("below", ["", "/event", "/pixel7", "/pixel7/waypoint"])
def test_a_phone_with_owntracks_reaches_ingest(broker: RunningBroker, below: str) -> None:
    with connected(broker, broker_config.INGEST) as ingest, connected(broker, VAN) as phone:
        ingest.subscribe("owntracks/#")
        assert phone.publish(f"owntracks/{VAN}{below}") == _OK
        wait_for(lambda: ingest.received == [(f"owntracks/{VAN}{below}", b"x")])


@pytest.mark.parametrize(
    "topic", [f"owntracks/{OTHER}", f"owntracks/{OTHER}/event", "owntracks/demo", "owntracks/demo/van-010"]
)
def test_a_phone_may_not_speak_for_another(broker: RunningBroker, topic: str) -> None:
    with connected(broker, broker_config.INGEST) as ingest, connected(broker, VAN) as phone:
        ingest.subscribe("owntracks/#")
        assert phone.publish(topic) == "Not authorized"
        assert phone.publish(f"owntracks/{VAN}", b"after it") == _OK
        wait_for(lambda: bool(ingest.received))
    assert ingest.received == [(f"owntracks/{VAN}", b"after it")]


def test_a_phone_hears_of_no_other_phone(broker: RunningBroker) -> None:
    with connected(broker, OTHER) as other, connected(broker, VAN) as phone:
        # What the app subscribes to for its friends.
        phone.subscribe("owntracks/+/+")
        phone.subscribe(f"driveops/v1/{VAN}/ack")
        other.publish(f"owntracks/{OTHER}")
        with connected(broker, broker_config.INGEST) as ingest:
            ingest.publish(own(topics.Lane.ACK), b"after it")
        wait_for(lambda: bool(phone.received))
    assert phone.received == [(own(topics.Lane.ACK), b"after it")]


def test_a_wrong_password_and_no_password_are_refused(broker: RunningBroker) -> None:
    broker.password(VAN)
    assert broker_module.answers(broker.port, user=VAN, password=broker.password(VAN))
    assert not broker_module.answers(broker.port, user=VAN, password="wrong")
    assert not broker_module.answers(broker.port, user="nobody/known", password="wrong")
    assert broker.server.is_ready()


def test_a_user_is_added_changed_and_removed_while_the_broker_runs(broker: RunningBroker) -> None:
    with connected(broker, broker_config.INGEST) as ingest:
        broker.server.set_users({VAN: "first"})
        assert broker_module.answers(broker.port, user=VAN, password="first")
        broker.server.set_users({VAN: "second"})
        assert not broker_module.answers(broker.port, user=VAN, password="first")
        broker.server.remove_users(VAN)
        assert not broker_module.answers(broker.port, user=VAN, password="second")
        assert ingest.publish(own(topics.Lane.ACK)) in _LET_IN, "others stay connected"


def test_a_removed_device_is_cut_off(broker: RunningBroker) -> None:
    with connected(broker, VAN) as van:
        broker.server.remove_users(VAN)
        wait_for(lambda: not van.client.is_connected())


def test_what_is_queued_for_a_sleeping_subscriber_outlives_a_restart(broker: RunningBroker) -> None:
    with connected(broker, broker_config.INGEST, client_id="sleeper", session_s=3600) as ingest:
        ingest.subscribe("driveops/v1/+/+/panic")
    with connected(broker, VAN) as van:
        van.publish(own(topics.Lane.PANIC), b"help")

    broker.restart()

    with connected(broker, broker_config.INGEST, client_id="sleeper", session_s=3600) as ingest:
        wait_for(lambda: ingest.received == [(own(topics.Lane.PANIC), b"help")])


def test_a_killed_broker_comes_back_on_its_port_with_its_users(broker: RunningBroker) -> None:
    port = broker.port
    broker.kill()
    assert not broker.server.is_ready()
    broker.start()
    assert broker.port == port
    assert broker_module.answers(port, user=broker_config.INGEST, password=broker.password(broker_config.INGEST))


def test_a_broker_that_cannot_start_shows_the_end_of_its_log(broker: RunningBroker) -> None:
    broker.server.stop()
    broker.server.data.joinpath("mosquitto.db").write_bytes(b"no database of a broker" * 100)

    with pytest.raises(errors.ServerFailedError, match="persistent"):
        broker.start()
