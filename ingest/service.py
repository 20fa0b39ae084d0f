"""Where the parts of ingest meet: started together, watched, stopped cleanly."""

import asyncio
import logging
import signal
import uuid
from collections.abc import Callable
from typing import Protocol, TypeVar

from ingest import downlink, fix_lane, health, press_lane, settings, shards, status_lane

logger = logging.getLogger(__name__)

_ACK_TICK_S = 0.25
_HEALTH_TICK_S = 1.0


class Service:
    """One ingest process."""

    def __init__(self, choice: settings.Settings) -> None:
        self._choice = choice
        self._vitals = health.Vitals()
        self._out = downlink.Downlink(choice, client_id=f"driveops-ingest-out-{uuid.uuid4().hex[:12]}")
        self._fixes = fix_lane.FixLane(choice, out=self._out, vitals=self._vitals, on_leases=self._leases_changed)
        self._held: frozenset[int] = frozenset()
        self._leases_moved = asyncio.Event()

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT, then commit what is in hand and leave."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._fixes.stop)
        self._out.start()
        async with asyncio.TaskGroup() as group:
            side_tasks = [
                group.create_task(self._keep_lanes(), name="lanes"),
                group.create_task(self._every(_ACK_TICK_S, self._out.send_acknowledgements), name="acks"),
                group.create_task(self._every(self._choice.live_interval_s, self._send_live_frames), name="live"),
                group.create_task(self._every(_HEALTH_TICK_S, self._write_health), name="health"),
            ]
            await self._fixes.run()
            for task in side_tasks:
                task.cancel()
        await self._out.stop()
        if self._choice.health_file is not None:
            self._choice.health_file.unlink(missing_ok=True)
        logger.info("stopped", extra={"fixes": self._vitals.fixes})

    def _leases_changed(self, held: frozenset[int]) -> None:
        self._held = held
        self._leases_moved.set()

    async def _keep_lanes(self) -> None:
        """Run the panic and the status lane while their leases are held here."""
        presses: press_lane.PressLane | None = None
        statuses: status_lane.StatusLane | None = None
        try:
            while True:
                await self._leases_moved.wait()
                self._leases_moved.clear()
                presses = await _adjust(
                    presses,
                    wanted=shards.PANIC_LEASE in self._held,
                    make=lambda: press_lane.PressLane(self._choice, vitals=self._vitals),
                )
                statuses = await _adjust(
                    statuses,
                    wanted=shards.STATUS_LEASE in self._held,
                    make=lambda: status_lane.StatusLane(self._choice, vitals=self._vitals),
                )
        finally:
            for lane in (presses, statuses):
                if lane is not None:
                    await lane.stop()

    async def _every(self, interval_s: float, act: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(interval_s)
            act()

    def _send_live_frames(self) -> None:
        self._out.send_live_frames(self._fixes.worker.state)

    def _write_health(self) -> None:
        connected = self._out.is_connected and self._fixes.is_connected
        self._vitals.broker = health.CONNECTED if connected else "away"
        if self._choice.health_file is not None:
            health.write(self._choice.health_file, self._vitals)


class _Lane(Protocol):
    @property
    def taken_over(self) -> bool: ...
    def start(self) -> None: ...
    async def stop(self) -> None: ...


_L = TypeVar("_L", bound=_Lane)


async def _adjust(lane: _L | None, *, wanted: bool, make: Callable[[], _L]) -> _L | None:
    """Stop a lane that is another process's now, or start one that is ours."""
    if lane is not None and (not wanted or lane.taken_over):
        await lane.stop()
        lane = None
    if lane is None and wanted:
        lane = make()
        lane.start()
    return lane
