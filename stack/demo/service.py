"""The running demo: looks at the town every second, hears the fleet, does what the keys say."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from rich import live
from rich.console import Console

from db import demo_view
from domain import emergencies
from domain import errors as domain_errors
from stack import errors
from stack.demo import crew, desk, keyboard, lamps, model, screen, words

_LOOK_EVERY_S = 1.0
_DRAW_EVERY_S = 0.25
#: Share of the newest second in the shown rate of rows.
_RATE_SHARE = 0.3
_LONGEST_TEXT = 200

#: Which services are up, by name; called in a thread.
Services = Callable[[], Mapping[str, bool]]


class Demo:
    """The demo on one console, until `q` or its time is over."""

    def __init__(
        self,
        console: Console,
        say: words.Words,
        street: screen.Name,
        *,
        at: desk.Desk,
        fleet: crew.Crew,
        signals: lamps.Lamps,
        services: Services,
        address: str | None = None,
    ) -> None:
        self._console, self._say, self._desk, self._fleet = console, say, at, fleet
        self._lamps, self._services = signals, services
        self._screen = screen.Screen(console, say, street, address)
        self.model = model.Model(now=_now())
        self._tenants: tuple[demo_view.Tenant, ...] = ()
        self._fixes_at: tuple[int, float] | None = None
        self._done = asyncio.Event()
        self._keys: Mapping[str, Callable[[], Coroutine[Any, Any, None] | None]] = {
            "p": self._panic,
            "a": self._acknowledge,
            "r": self._ask_resolution,
            "t": self._next_tenant,
            "?": self._toggle_help,
            "q": self._done.set,
            keyboard.TAB: self._toggle_focus,
            keyboard.UP: lambda: self._move(-1),
            keyboard.DOWN: lambda: self._move(1),
        }

    async def run(self, duration_s: float | None, stop: asyncio.Event) -> None:
        """Show the town: full screen with keys on a terminal, else a line a second."""
        is_terminal = self._console.is_terminal and self._console.is_interactive
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(self._look_on()), tasks.create_task(self._fleet.listen(self._hear))]
            running.append(tasks.create_task(self._show() if is_terminal else self._print()))
            running.append(tasks.create_task(_pass_on(stop, self._done)))
            try:
                async with asyncio.timeout(duration_s):
                    await self._done.wait()
            except TimeoutError:
                pass
            for task in running:
                task.cancel()

    async def _look_on(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _look(self) -> None:
        state = self.model
        try:
            if not self._tenants:
                self._tenants = await asyncio.to_thread(self._desk.tenants)
                state.tenant = next(iter(self._tenants), None)
            if state.tenant is not None:
                rows = self._screen.unit_rows(state)
                state.view = await asyncio.to_thread(
                    self._desk.view, state.tenant.id, now=_now(), first_unit=state.first_unit, units=rows
                )
                self._count(state.view.fixes)
        except desk.Unreachable as error:
            state.say(self._say("store_gone", reason=_first_line(error.orig or error)), is_trouble=True)
        state.services = {**await asyncio.to_thread(self._services), "fleet": await self._fleet.is_up()}

    def _count(self, fixes: int) -> None:
        at_s = asyncio.get_running_loop().time()
        if self._fixes_at is not None:
            rate = (fixes - self._fixes_at[0]) / (at_s - self._fixes_at[1])
            self.model.rate += (rate - self.model.rate) * (_RATE_SHARE if self.model.rate else 1.0)
        self._fixes_at = fixes, at_s

    async def _show(self) -> None:
        with (
            keyboard.keys() as keys,
            live.Live(console=self._console, screen=True, auto_refresh=False, redirect_stderr=False) as shown,
        ):
            while True:
                self.model.now = _now()
                shown.update(self._screen.draw(self.model), refresh=True)
                try:
                    async with asyncio.timeout(_DRAW_EVERY_S):
                        key = await keys.get()
                except TimeoutError:
                    continue
                await self._pressed(key)

    async def _print(self) -> None:
        while True:
            self.model.now = _now()
            if self.model.view is not None or self.model.message:
                self._console.print(self._screen.line(self.model), soft_wrap=True, markup=False, highlight=False)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _pressed(self, key: str) -> None:
        if self.model.typing is not None:
            await self._typed(key)
            return
        self.model.say("")
        act = self._keys.get(key)
        if act is not None:
            doing = act()
            if doing is not None:
                await doing

    async def _typed(self, key: str) -> None:
        state = self.model
        text = state.typing or ""
        if key == keyboard.ENTER:
            state.typing = None
            await self._resolve(text)
        elif key == keyboard.ESCAPE:
            state.typing = None
        elif key == keyboard.BACKSPACE:
            state.typing = text[:-1]
        elif len(key) == 1:
            state.typing = (text + key)[:_LONGEST_TEXT]

    async def _panic(self) -> None:
        """Press a van's button; of a company without any, the first unit's."""
        tenant, view = self.model.tenant, self.model.view
        is_first = tenant is None or not self._tenants or tenant == self._tenants[0]
        device = (
            None
            if is_first or tenant is None or view is None or not view.units
            else f"{tenant.slug}/{view.units[0].name}"
        )
        try:
            pressed = await self._fleet.panic(device)
        except errors.StackError as error:
            self.model.say(self._say("fleet_gone", reason=error), is_trouble=True)
        else:
            self.model.say(self._say("did_panic", device=pressed["device"], fob=pressed["fob"]))

    async def _acknowledge(self) -> None:
        alert = self._chosen()
        if alert is not None:
            await self._act(
                emergencies.AlertState.ACKNOWLEDGED,
                alert,
                lambda tenant: self._desk.acknowledge(tenant.id, alert.id, now=_now()),
            )

    def _ask_resolution(self) -> None:
        alert = self._chosen()
        if alert is not None:
            self.model.selected, self.model.typing = alert.id, ""

    async def _resolve(self, text: str) -> None:
        alert = self._chosen()
        if alert is not None:
            await self._act(
                emergencies.AlertState.RESOLVED,
                alert,
                lambda tenant: self._desk.resolve(tenant.id, alert.id, text=text, now=_now()),
            )

    async def _act(
        self, becomes: emergencies.AlertState, alert: demo_view.Alert, act: Callable[[demo_view.Tenant], None]
    ) -> None:
        tenant = self.model.tenant
        if tenant is None:
            return
        try:
            await asyncio.to_thread(act, tenant)
            self.model.say(self._say(f"did_{becomes}", who=alert.who or alert.fob))
            await asyncio.to_thread(self._lamps.light, tenant, alert, becomes, by=desk.BY)
        except domain_errors.DomainError as error:
            self.model.say(self._say("already", reason=error), is_trouble=True)
        except desk.Unreachable as error:
            self.model.say(self._say("store_gone", reason=_first_line(error.orig or error)), is_trouble=True)
        except lamps.Unreachable as error:
            self.model.say(self._say("lamp_gone", reason=_first_line(error)), is_trouble=True)
        await self._look()

    def _chosen(self) -> demo_view.Alert | None:
        alert = self.model.chosen()
        if alert is None:
            self.model.say(self._say("no_selection"))
        return alert

    def _next_tenant(self) -> None:
        if self.model.tenant is not None:
            place = self._tenants.index(self.model.tenant)
            self.model.tenant = self._tenants[(place + 1) % len(self._tenants)]
            self.model.view, self.model.first_unit, self.model.selected = None, 0, None

    def _toggle_help(self) -> None:
        self.model.shows_help = not self.model.shows_help

    def _toggle_focus(self) -> None:
        is_alerts = self.model.focus is model.Focus.ALERTS
        self.model.focus = model.Focus.UNITS if is_alerts else model.Focus.ALERTS

    def _move(self, step: int) -> None:
        if self.model.focus is model.Focus.ALERTS:
            self.model.select(step)
        else:
            self.model.turn(step, self._screen.unit_rows(self.model))

    def _hear(self, event: dict[str, Any]) -> None:
        if event.get("event") == "lamp":
            self.model.lamps[event["fob"]] = event["state"]


async def _pass_on(stop: asyncio.Event, done: asyncio.Event) -> None:
    await stop.wait()
    done.set()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
