"""The running fleet: the clock that moves it, the ways out, the buttons, the control socket."""

import asyncio
import datetime as dt
import logging
import signal
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from db.seed import roster
from domain import telemetry
from stack import errors
from stack.fleet import buttons, control, gateways, platoon, premises, publisher, serial_pair, trackers, vans
from stack.town import streets

_log = logging.getLogger(__name__)

#: Trackers report spread over their tick, not all at the same instant.
_WAVES = 10
_VAN_TICK_S = 1.0
_TOO_LATE_S = 2.0
_REPORT_EVERY_S = 10.0
_CLIENT_ID = "fleet"
_MOST_CONNECTIONS, _TRACKERS_A_CONNECTION = 16, 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to simulate. `rate_hz` and `batch` are of the trackers; receivers on serial lines write once a second."""

    units: int = 40
    gateways: int = 3
    rate_hz: float = 1.0
    batch: int = 1
    seed: int = 1
    presses_per_hour: float = 6.0
    duration_s: float | None = None


@dataclass(slots=True)
class Counts:
    """What the fleet did so far."""

    fixes: int = 0
    presses: int = 0
    ticks_left_out: int = 0


class Fleet:
    """A fleet that runs until it is told to stop, or its time is over."""

    def __init__(self, plan: Plan, town: streets.Streets, found: premises.Premises) -> None:
        self._plan = plan
        self._boxes = gateways.Gateways(found.folder, roster.DEMO, found.gateways) if found.gateways else None
        self.units = roster.enlist(units=plan.units, gateways=plan.gateways)
        self._by_device = {f"{unit.tenant}/{unit.device}": unit for unit in self.units}
        connections = min(_MOST_CONNECTIONS, 1 + plan.units // _TRACKERS_A_CONNECTION)
        self.out = publisher.Publisher(found.mqtt_url, _CLIENT_ID, connections=connections)
        direct = [unit for unit in self.units if unit.kind is not roster.Kind.GATEWAY_VAN]
        waves = platoon.form(town, direct, waves=min(_WAVES, max(1, len(direct))), seed=plan.seed)
        self._waves = [trackers.Trackers(wave, self.out, batch=plan.batch) for wave in waves]
        self._wave_of = {unit.number: i % len(waves) for i, unit in enumerate(direct)}
        self._press_seq = int(time.time() * 1000)
        driving = platoon.Platoon(town, self._van_units(), on_foot=False, seed=plan.seed)
        self._vans = vans.Vans(driving, self._lit, first_number=int(time.time()))
        self._buttons = buttons.Buttons(units=len(self.units), presses_per_hour=plan.presses_per_hour, seed=plan.seed)
        self._control = control.Control(found.control_path, self._panic)
        self.counts = Counts()

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set or the planned time is over.

        Raises:
            StackError: the broker or the control socket can't be used.
        """
        await self._control.start()
        try:
            await self.out.connect()
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(self._move_trackers()), tasks.create_task(self._move_vans())]
                running.append(tasks.create_task(self._press_at_times()))
                running.append(tasks.create_task(self._report()))
                running += [tasks.create_task(gateway) for gateway in self._gateways()]
                await _first(stop, self._plan.duration_s)
                for task in running:
                    task.cancel()
            await self.out.close()
        finally:
            await self._control.close()
            self._vans.close()

    def _gateways(self) -> Iterator[Coroutine[Any, Any, None]]:
        if self._boxes is not None:
            for van in self._vans.vans.values():
                yield self._boxes.keep(van.unit.device, van.line.path)

    async def _move_trackers(self) -> None:
        if not self._waves:
            return
        period_s = 1.0 / self._plan.rate_hz
        step_s = period_s / len(self._waves)
        async for tick, late_s in _beats(step_s):
            now = dt.datetime.now(dt.UTC)
            if late_s > 0.0:
                self.counts.ticks_left_out += 1
                _log.warning("the fleet is late and leaves ticks out", extra={"late_s": round(late_s, 1)})
            seq = int(now.timestamp() * self._plan.rate_hz)
            self.counts.fixes += self._waves[tick % len(self._waves)].tick(period_s, now, seq)

    async def _move_vans(self) -> None:
        async for _, _ in _beats(_VAN_TICK_S):
            self._vans.tick(_VAN_TICK_S, dt.datetime.now(dt.UTC))

    async def _report(self) -> None:
        before = 0
        async for tick, _ in _beats(_REPORT_EVERY_S):
            if tick:
                done = {"fixes": self.counts.fixes, "fixes_per_s": (self.counts.fixes - before) / _REPORT_EVERY_S}
                _log.info("the fleet reports", extra={**done, "messages_left_out": self.out.left_out})
            before = self.counts.fixes

    async def _press_at_times(self) -> None:
        async for tick, _ in _beats(1.0):
            found = self._buttons.pressed(tick, 1.0)
            if found is not None:
                self._press(self.units[found.place], found.kind)

    def _press(self, unit: roster.Unit, kind: telemetry.PressKind) -> dict[str, Any]:
        self.counts.presses += 1
        told: dict[str, Any] = {"tenant": unit.tenant, "device": unit.device, "fob": unit.fob, "kind": str(kind)}
        if unit.device in self._vans.vans and unit.kind is roster.Kind.GATEWAY_VAN:
            told["sequence"] = self._vans.vans[unit.device].press(kind)
        else:
            self._press_seq += 1
            self._waves[self._wave_of[unit.number]].press(unit, kind, dt.datetime.now(dt.UTC), self._press_seq)
        self._control.tell({"event": "press", **told})
        _log.warning("a button was pressed", extra={"device": unit.device, "fob": unit.fob, "kind": str(kind)})
        return told

    async def _panic(self, device: str | None) -> dict[str, Any]:
        """Press the button of a device, of any where none is named."""
        if not self.units:
            raise errors.StackError("the fleet has no units")
        if device is None:
            return self._press(self.units[0], telemetry.PressKind.PRESS)
        unit = self._by_device.get(device if "/" in device else f"{roster.DEMO}/{device}")
        if unit is None:
            raise errors.StackError(f"the fleet has no device {device}")
        return self._press(unit, telemetry.PressKind.PRESS)

    def _lit(self, unit: roster.Unit, lamp: serial_pair.Lamp) -> None:
        event = {
            "event": "lamp",
            "device": unit.device,
            "fob": lamp.fob,
            "sequence": lamp.sequence,
            "state": lamp.state,
        }
        self._control.tell(event)
        _log.info("the lamp of a fob", extra={"device": unit.device, "fob": lamp.fob, "state": lamp.state})

    def _van_units(self) -> list[roster.Unit]:
        return [unit for unit in self.units if unit.kind is roster.Kind.GATEWAY_VAN]


async def run(plan: Plan, town: streets.Streets, found: premises.Premises) -> None:
    """Run a fleet until a signal or its time ends it."""
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    await Fleet(plan, town, found).run(stop)


async def _beats(step_s: float) -> AsyncIterator[tuple[int, float]]:
    """Count steps of time; the second number is how much was left out because the process was held up, mostly 0."""
    clock = asyncio.get_running_loop().time
    begin_s, tick = clock(), 0
    while True:
        late_s = clock() - (begin_s + tick * step_s)
        if late_s < _TOO_LATE_S:
            await asyncio.sleep(max(0.0, -late_s))
            late_s = 0.0
        begin_s += late_s
        yield tick, late_s
        tick += 1


async def _first(stop: asyncio.Event, duration_s: float | None) -> None:
    try:
        async with asyncio.timeout(duration_s):
            await stop.wait()
    except TimeoutError:
        return
