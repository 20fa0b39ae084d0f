"""The fleet against a real broker: what arrives is what the contract says, from the streets of the town."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from domain import telemetry
from domain.wire import fixes, panic, topics
from stack import broker_config
from stack.fleet import control, premises, publisher, service
from tests import town
from tests.fixtures.broker import RunningBroker
from tests.integration.stack import mqtt_probe

_EVERYTHING = f"{topics.PREFIX}/#"


def _run(
    broker: RunningBroker,
    folder: Path,
    plan: service.Plan,
    meanwhile: Callable[[service.Fleet], Awaitable[None]] | None = None,
) -> service.Fleet:
    async def scenario() -> service.Fleet:
        found = premises.Premises(
            mqtt_url=broker.url(broker_config.FLEET), folder=folder, control_path=folder / "fleet.sock", gateways=None
        )
        fleet = service.Fleet(plan, town.load(), found)
        stop = asyncio.Event()
        running = asyncio.create_task(fleet.run(stop))
        if meanwhile is not None:
            await _until(lambda: fleet.counts.fixes > 0, running)
            await meanwhile(fleet)
            stop.set()
        await running
        return fleet

    return asyncio.run(scenario())


async def _until(happened: Callable[[], bool], running: asyncio.Task[None]) -> None:
    async with asyncio.timeout(20):
        while not happened() and not running.done():  # noqa: ASYNC110 - another loop's doing is waited for
            await asyncio.sleep(0.02)


def _decoded(received: list[tuple[str, bytes]]) -> dict[str, list[fixes.Numbered]]:
    by_device: dict[str, list[fixes.Numbered]] = {}
    for topic, payload in received:
        at = topics.parse(topic)
        if at.lane is topics.Lane.FIXES:
            decoded = fixes.decode(payload)
            assert decoded.bad == ()
            by_device.setdefault(f"{at.tenant}/{at.device}", []).extend(decoded.fixes)
    return by_device


def _different(by_device: dict[str, list[fixes.Numbered]]) -> int:
    return sum(len({item.seq for item in reported}) for reported in by_device.values())


def test_every_unit_reports_where_it_is(broker: RunningBroker, tmp_path: Path) -> None:
    with mqtt_probe.connected(broker, broker_config.INGEST) as probe:
        probe.subscribe(_EVERYTHING)
        fleet = _run(broker, tmp_path, service.Plan(units=40, gateways=0, duration_s=3.5, presses_per_hour=0.0))
        # QoS 1 may deliver one twice.
        mqtt_probe.wait_for(lambda: _different(_decoded(probe.received)) >= fleet.counts.fixes)

    seen = _decoded(probe.received)
    assert seen.keys() <= {f"{unit.tenant}/{unit.device}" for unit in fleet.units}
    assert len(seen) >= 35  # some are in a tunnel, or between houses
    assert fleet.counts.fixes == _different(seen)
    now = dt.datetime.now(dt.UTC)
    for reported in seen.values():
        assert list(dict.fromkeys(item.seq for item in reported)) == sorted({item.seq for item in reported})
        for item in reported:
            assert abs((now - item.fix.time).total_seconds()) < 30
            assert 60.15 < item.fix.position.lat < 60.19
            assert 24.92 < item.fix.position.lon < 24.97


def test_a_second_seen_twice_has_two_seqs(broker: RunningBroker, tmp_path: Path) -> None:
    plan = service.Plan(units=4, gateways=0, rate_hz=5.0, duration_s=2.0, presses_per_hour=0.0)
    with mqtt_probe.connected(broker, broker_config.INGEST) as probe:
        probe.subscribe(_EVERYTHING)
        fleet = _run(broker, tmp_path, plan)
        mqtt_probe.wait_for(lambda: len(probe.received) >= fleet.out.published)

    for reported in _decoded(probe.received).values():
        assert len({item.seq for item in reported}) == len(reported) >= 6
        assert len({item.fix.time for item in reported}) == len(reported)


def test_fixes_can_be_sent_several_at_a_time(broker: RunningBroker, tmp_path: Path) -> None:
    plan = service.Plan(units=8, gateways=0, rate_hz=4.0, batch=4, duration_s=3.0, presses_per_hour=0.0)
    with mqtt_probe.connected(broker, broker_config.INGEST) as probe:
        probe.subscribe(_EVERYTHING)
        fleet = _run(broker, tmp_path, plan)
        mqtt_probe.wait_for(lambda: len(probe.received) >= fleet.out.published)

    assert max(len(fixes.decode(payload).fixes) for _, payload in probe.received) == 4


def test_a_press_that_is_asked_for_is_published(broker: RunningBroker, tmp_path: Path) -> None:
    async def press(_fleet: service.Fleet) -> None:
        answer = await control.ask(tmp_path / "fleet.sock", "panic kaleva/unit-00001")
        assert answer["fob"] == "FOB-00001"

    with mqtt_probe.connected(broker, broker_config.INGEST) as probe:
        probe.subscribe(topics.lane_filter(topics.Lane.PANIC))
        _run(broker, tmp_path, service.Plan(units=10, gateways=0, presses_per_hour=0.0), press)
        mqtt_probe.wait_for(lambda: len(probe.received) > 0)

    topic, payload = probe.received[0]
    pressed = panic.decode(payload, origin=topic, received_at=dt.datetime.now(dt.UTC))
    assert topic == "driveops/v1/kaleva/unit-00001/panic"
    assert pressed.kind is telemetry.PressKind.PRESS
    assert pressed.fob == "FOB-00001"
    assert pressed.remarks == ()


def test_an_unknown_device_cannot_press(broker: RunningBroker, tmp_path: Path) -> None:
    async def press(fleet: service.Fleet) -> None:
        answer = await control.ask(tmp_path / "fleet.sock", "panic van-99")
        assert answer == {"error": "the fleet has no device van-99"}
        assert fleet.counts.presses == 0

    _run(broker, tmp_path, service.Plan(units=5, gateways=0, presses_per_hour=0.0), press)


def test_the_fleet_goes_on_when_the_broker_comes_back(broker: RunningBroker, tmp_path: Path) -> None:
    async def restart(fleet: service.Fleet) -> None:
        await asyncio.to_thread(broker.kill)
        await control.ask(tmp_path / "fleet.sock", "panic unit-00001")
        await asyncio.sleep(1.0)
        await asyncio.to_thread(broker.start)
        before = fleet.out.published
        async with asyncio.timeout(20):
            while fleet.out.published < before + 20:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    fleet = _run(broker, tmp_path, service.Plan(units=20, gateways=0, presses_per_hour=0.0), restart)

    assert fleet.counts.presses == 1


def test_a_broker_that_is_down_is_told_in_words(tmp_path: Path) -> None:
    async def scenario() -> None:
        await publisher.Publisher("mqtt://fleet:secret@127.0.0.1:9", "fleet").connect()

    with pytest.raises(publisher.BrokerUnreachableError, match=r"127\.0\.0\.1:9") as raised:
        asyncio.run(scenario())

    assert "secret" not in str(raised.value)


def test_a_wrong_password_is_told_in_words(broker: RunningBroker) -> None:
    async def scenario() -> None:
        await publisher.Publisher(f"mqtt://fleet:wrong@127.0.0.1:{broker.port}", "fleet").connect()

    with pytest.raises(publisher.BrokerUnreachableError, match="cannot be used"):
        asyncio.run(scenario())


def test_a_press_is_not_lost_with_the_brokers_session(broker: RunningBroker, tmp_path: Path) -> None:
    """Killed and started thrice in a row: what was under way is given up each time, and the way is free again after it."""

    async def trouble(fleet: service.Fleet) -> None:
        for _ in range(3):
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(broker.start)
            before = fleet.out.published
            async with asyncio.timeout(20):
                while fleet.out.published < before + 60:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        with mqtt_probe.connected(broker, broker_config.INGEST) as probe:
            probe.subscribe(topics.lane_filter(topics.Lane.PANIC))
            await control.ask(tmp_path / "fleet.sock", "panic unit-00001")
            await asyncio.to_thread(mqtt_probe.wait_for, lambda: len(probe.received) > 0)

    _run(broker, tmp_path, service.Plan(units=60, gateways=0, presses_per_hour=0.0), trouble)
