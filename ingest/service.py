"""Where the parts of ingest meet: started together, watched, stopped cleanly."""

import asyncio
import functools
import logging
import signal
import uuid
from collections.abc import Callable, Mapping
from typing import Protocol

from ingest import (
    bounded_session,
    downlink,
    fix_lane,
    health,
    metrics,
    press_lane,
    reject_sweep,
    settings,
    shards,
    status_lane,
)
from ingest.senders import http_server, owntracks_lane

logger = logging.getLogger(__name__)

_ACK_TICK_S = 0.25
_HEALTH_TICK_S = 0.25


class _Lane(Protocol):
    session: bounded_session.BoundedSession

    async def run(self) -> None: ...
    def stop(self) -> None: ...


class _MakeLane(Protocol):
    def __call__(self, choice: settings.Settings, *, vitals: health.Vitals) -> _Lane: ...


_LANES: Mapping[int, str] = {
    shards.PANIC_LEASE: "panic",
    shards.STATUS_LEASE: "status",
    shards.OWNTRACKS_LEASE: "owntracks",
}
"""By the lease that whoever runs them holds, as the metrics call them."""


class Service:
    """One ingest process."""

    def __init__(self, choice: settings.Settings) -> None:
        self._choice = choice
        self._vitals = health.Vitals()
        self._figures = metrics.Metrics(self._vitals)
        self._out = downlink.Downlink(choice, client_id=f"driveops-ingest-out-{uuid.uuid4().hex[:12]}")
        self._fixes = fix_lane.FixLane(
            choice, out=self._out, vitals=self._vitals, on_leases=self._leases_changed, figures=self._figures
        )
        self._listener = None if choice.metrics_at is None else metrics.Listener(self._figures, *choice.metrics_at)
        self._http = None if choice.http_port is None else http_server.HttpServer(choice, vitals=self._vitals)
        self._held: frozenset[int] = frozenset()
        self._makers: Mapping[int, _MakeLane] = {
            shards.PANIC_LEASE: functools.partial(press_lane.PressLane, figures=self._figures),
            shards.STATUS_LEASE: status_lane.StatusLane,
            shards.OWNTRACKS_LEASE: owntracks_lane.OwnTracksLane,
        }
        self._lanes: dict[int, tuple[_Lane, asyncio.Task[None]]] = {}
        self._figures.inbox_bytes |= {name: functools.partial(self._weight, lease) for lease, name in _LANES.items()}
        self._leases_moved = asyncio.Event()
        self._ending = self._ended = False
        self._told_health = False

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT, then commit what is in hand and leave."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._begin_to_end)
        self._out.start()
        async with asyncio.TaskGroup() as group:
            ticks = [
                group.create_task(self._every(_ACK_TICK_S, self._out.send_acknowledgements), name="acks"),
                group.create_task(self._every(self._choice.live_interval_s, self._send_live_frames), name="live"),
                group.create_task(self._every(_HEALTH_TICK_S, self._write_health), name="health"),
                group.create_task(reject_sweep.RejectSweep(self._choice).run(), name="reject sweep"),
            ]
            group.create_task(self._keep_lanes(group), name="lanes")
            if self._http is not None:
                group.create_task(self._http.run(), name="http")
            await self._fixes.run()
            self._ended = True
            self._leases_changed(frozenset())
            for task in ticks:
                task.cancel()
        await self._out.stop()
        if self._listener is not None:
            await asyncio.to_thread(self._listener.close)
        if self._choice.health_file is not None:
            self._choice.health_file.unlink(missing_ok=True)
        logger.info("stopped", extra={"fixes": self._vitals.fixes})

    def _begin_to_end(self) -> None:
        """All parts at once, so that none waits for what hangs in another."""
        self._ending = True
        self._leases_changed(frozenset())
        self._fixes.stop()
        if self._http is not None:
            self._http.stop()

    def _leases_changed(self, held: frozenset[int]) -> None:
        self._held = frozenset() if self._ending else held
        self._leases_moved.set()

    async def _keep_lanes(self, group: asyncio.TaskGroup) -> None:
        """Run each lane while its lease is held here; if one fails, the process does."""
        running = self._lanes
        while not self._ended or running:
            await self._leases_moved.wait()
            self._leases_moved.clear()
            for lease, make in self._makers.items():
                lane, task = running.get(lease, (None, None))
                if lane is not None and task is not None and (lease not in self._held or lane.session.taken_over):
                    lane.stop()
                    await asyncio.wait({task})
                    del running[lease]
                if lease in self._held and lease not in running:
                    lane = make(self._choice, vitals=self._vitals)
                    running[lease] = lane, group.create_task(lane.run(), name=f"lane {lease}")

    async def _every(self, interval_s: float, act: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(interval_s)
            act()

    def _send_live_frames(self) -> None:
        self._out.send_live_frames(self._fixes.worker.state)

    def _is_connected(self) -> bool:
        """Whether the broker keeps a session for all that is held here, and each of them stands."""
        held = self._held & _LANES.keys()
        return (
            self._out.is_connected
            and self._fixes.is_connected
            and held <= self._lanes.keys()
            and all(lane.session.is_connected for lane, _ in self._lanes.values())
        )

    def _weight(self, lease: int) -> int:
        """Bytes that a lane holds, where it runs here; the metrics ask from a thread of theirs."""
        found = self._lanes.get(lease)
        return 0 if found is None else found[0].session.weight

    def _write_health(self) -> None:
        self._vitals.broker = health.CONNECTED if self._is_connected() else "away"
        if self._choice.health_file is None:
            return
        try:
            health.write(self._choice.health_file, self._vitals)
        except OSError as error:
            # A full disk must not end what needs none; `ingest health` takes the old file for silence.
            if not self._told_health:
                logger.error("health file: %s; going on without", error)  # noqa: TRY400 - no trace for people
            self._told_health = True
        else:
            self._told_health = False
