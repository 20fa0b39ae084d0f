"""Our end of MQTT against the real broker."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import unquote, urlsplit

import pytest

from domain.wire import topics
from ingest import mqtt_connection, mqtt_packets
from stack import broker_config
from tests.fixtures.broker import RunningBroker

TOPIC = topics.device_topic("acme", "van-000", topics.Lane.FIXES)
SHARD = topics.shard_filter(topics.shard_of("acme", "van-000"))


class Client:
    """Opens connections as ingest does."""

    def __init__(self, broker: RunningBroker) -> None:
        self._broker = broker

    async def open(
        self, client_id: str = "reader", user: str = broker_config.INGEST, window: int = 100, rest_s: float = 0.0
    ) -> mqtt_connection.Connection:
        parts = urlsplit(self._broker.url(user))
        login = mqtt_packets.Login(
            client_id=client_id, user=user, password=unquote(parts.password or ""), receive_maximum=window
        )
        return await mqtt_connection.Connection.open(self.address, login, lambda _: None, rest_s=rest_s)

    @property
    def address(self) -> mqtt_connection.Address:
        return mqtt_connection.Address(host="127.0.0.1", port=self._broker.port)

    async def send(self, *payloads: bytes) -> None:
        sender = await self.open("sender", broker_config.FLEET)
        for payload in payloads:
            await sender.publish_surely(TOPIC, payload)
        await sender.close()


async def receive(connection: mqtt_connection.Connection, count: int) -> mqtt_connection.Messages:
    """Wait for so many messages."""
    got = mqtt_connection.Messages()
    async with asyncio.timeout(10):
        while len(got) < count:
            await asyncio.sleep(0.01)
            more = connection.take()
            got.topics += more.topics
            got.payloads += more.payloads
            got.packet_ids += more.packet_ids
    return got


@pytest.fixture
def client(broker: RunningBroker) -> Client:
    return Client(broker)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def test_what_is_not_acknowledged_comes_again_and_the_rest_does_not(client: Client) -> None:
    async def test() -> None:
        first = await client.open()
        await first.subscribe([SHARD], qos=1)
        await client.send(b"1", b"2", b"3")
        messages = await receive(first, 3)
        first.acknowledge(messages.packet_ids[:2])
        await first.close()

        second = await client.open()
        again = await receive(second, 1)
        await asyncio.sleep(0.2)

        assert again.payloads == [b"3"]
        assert len(second.take()) == 0
        await second.close()

    run(test)


def test_the_window_bounds_what_is_sent_ahead(client: Client) -> None:
    async def test() -> None:
        reader = await client.open(window=4)
        await reader.subscribe([SHARD], qos=1)
        await client.send(*(bytes([n]) for n in range(10)))
        messages = await receive(reader, 4)
        await asyncio.sleep(0.3)
        assert len(reader.take()) == 0

        reader.acknowledge(messages.packet_ids)

        assert len(await receive(reader, 4)) == 4
        await reader.close()

    run(test)


def test_a_paused_connection_reads_nothing_and_loses_nothing(client: Client) -> None:
    async def test() -> None:
        reader = await client.open(rest_s=0.01)
        await reader.subscribe([SHARD], qos=1)
        reader.pause()
        await client.send(b"1", b"2")
        await asyncio.sleep(0.2)
        assert len(reader.take()) == 0

        reader.resume()

        assert (await receive(reader, 2)).payloads == [b"1", b"2"]
        await reader.close()

    run(test)


def test_a_message_of_a_megabyte_arrives_whole(client: Client) -> None:
    async def test() -> None:
        reader = await client.open()
        await reader.subscribe([SHARD], qos=1)
        payload = bytes(range(256)) * 4_000

        await client.send(payload)

        assert (await receive(reader, 1)).payloads == [payload]
        await reader.close()

    run(test)


def test_whoever_connects_to_a_session_takes_it_over(client: Client) -> None:
    async def test() -> None:
        first = await client.open()
        second = await client.open()

        async with asyncio.timeout(5):
            assert await first.lost == mqtt_packets.Reason.SESSION_TAKEN_OVER

        await second.close()

    run(test)


def test_a_wrong_password_is_refused_with_its_reason(client: Client) -> None:
    async def test() -> None:
        login = mqtt_packets.Login(client_id="stranger", user="ingest", password="wrong")
        with pytest.raises(mqtt_connection.BrokerRefusedError) as refused:
            await mqtt_connection.Connection.open(client.address, login, lambda _: None)
        assert refused.value.reason in (
            mqtt_packets.Reason.BAD_USER_OR_PASSWORD,
            mqtt_packets.Reason.NOT_AUTHORISED,
        )

    run(test)


def test_an_acknowledgement_on_a_lost_connection_is_nothing(client: Client, broker: RunningBroker) -> None:
    async def test() -> None:
        reader = await client.open()
        broker.kill()
        async with asyncio.timeout(5):
            await reader.lost

        reader.acknowledge([1, 2])

        assert not reader.publish(TOPIC, b"")
        with pytest.raises(ConnectionError):
            await reader.publish_surely(TOPIC, b"")

    run(test)


def test_an_acknowledgement_of_an_earlier_connection_counts_for_no_later_message(client: Client) -> None:
    """The broker gives numbers anew: the commit of an old connection's message must not acknowledge another one's."""

    async def test() -> None:
        first = await client.open()
        await first.subscribe([SHARD], qos=1)
        await client.send(b"old")
        old = await receive(first, 1)
        second = await client.open()
        async with asyncio.timeout(5):
            await first.lost
        again = await receive(second, 1)
        second.acknowledge(again.packet_ids)
        await client.send(b"new")
        new = await receive(second, 1)

        first.acknowledge(old.packet_ids + new.packet_ids)
        await second.close()

        third = await client.open()
        assert (await receive(third, 1)).payloads == [b"new"]
        await third.close()

    run(test)


def test_a_broker_that_is_away_is_an_error_of_the_operating_system(client: Client, broker: RunningBroker) -> None:
    async def test() -> None:
        broker.kill()
        with pytest.raises(OSError):
            await client.open()

    run(test)


def test_the_longest_payload_that_the_broker_takes_arrives_and_a_longer_one_is_refused_to_its_sender(
    client: Client,
) -> None:
    longest = bytes(broker_config.MOST_PAYLOAD_BYTES)

    async def test() -> None:
        reader = await client.open()
        await reader.subscribe([SHARD], qos=1)
        await client.send(b"before", longest, b"after")
        got = await receive(reader, 3)
        assert [len(payload) for payload in got.payloads] == [6, len(longest), 5]
        assert got.payloads[1] == longest
        with pytest.raises((mqtt_connection.BrokerRefusedError, ConnectionError)):
            await client.send(longest + b"!")
        await client.send(b"still here")
        assert (await receive(reader, 1)).payloads == [b"still here"]
        await reader.close()

    run(test)
