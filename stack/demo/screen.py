"""Draws the model with rich: a header, the units, the alerts, a line of keys. Nothing is decided here."""

import datetime as dt
from collections.abc import Callable

from rich import box, layout, panel, table, text
from rich.console import Console, Group, RenderableType

from db import demo_view
from domain import emergencies
from stack.demo import model, words

_WIDE_COLUMNS = 120
_HEADER_ROWS, _FOOTER_ROWS, _FRAME_ROWS, _TABLE_HEAD_ROWS = 4, 1, 2, 1
_ALERT_ROWS, _ALERT_ROWS_WIDE = 2, 3
_MOST_ALERT_SHARE = 3
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400

Name = Callable[[float, float], str]

_SYMBOLS = {
    "moving": "▶",
    "standing": "■",
    "stale": "○",
    "up": "●",
    "down": "✗",
    "alert": "▲",
    "taken": "◆",
    "resolved": "✓",
}
_ASCII = {
    "moving": ">",
    "standing": "=",
    "stale": "?",
    "up": "+",
    "down": "x",
    "alert": "!",
    "taken": "*",
    "resolved": ".",
}
_STYLES = {"moving": "green", "standing": "cyan", "stale": "yellow"}
_ALERT_LOOK = {
    emergencies.AlertState.OPEN: ("alert", "bold red"),
    emergencies.AlertState.ACKNOWLEDGED: ("taken", "yellow"),
    emergencies.AlertState.RESOLVED: ("resolved", "green"),
}
_HELP = {
    "p": "help_panic",
    "a": "help_acknowledge",
    "r": "help_resolve",
    "↑ ↓": "help_select",
    "Tab": "help_focus",
    "t": "help_company",
    "?": "help_help",
    "q": "help_quit",
}


class Screen:
    """Draws in one language for one console; `street` names places, `address` is where the web pages are."""

    def __init__(self, console: Console, say: words.Words, street: Name, address: str | None = None) -> None:
        self._console, self._say, self._street = console, say, street
        self._address, self._header_rows = address, _HEADER_ROWS + bool(address)
        self._symbol = _ASCII if console.options.ascii_only else _SYMBOLS

    def unit_rows(self, state: model.Model) -> int:
        """How many units fit on the screen now."""
        rows = self._console.height - self._header_rows - _FOOTER_ROWS - _FRAME_ROWS - _TABLE_HEAD_ROWS
        if not self._is_wide():
            rows -= self._alerts_height(state)
        return max(1, rows)

    def draw(self, state: model.Model) -> RenderableType:
        """The whole screen."""
        whole = layout.Layout()
        body = layout.Layout(name="body")
        if state.shows_help:
            body.update(self._help())
        else:
            self._divide(body, state)
        whole.split_column(
            layout.Layout(self._header(state), size=self._header_rows),
            body,
            layout.Layout(self._footer(state), size=_FOOTER_ROWS),
        )
        return whole

    def line(self, state: model.Model) -> str:
        """All of it in one line, where there is no terminal."""
        say, view = self._say, state.view
        if view is None:
            return f"{state.now:%H:%M:%S} {state.message}"
        parts = [
            f"{state.now:%H:%M:%S} {self._counts(view).plain.strip()}",
            self._flow(state).plain.strip(),
            f"{say('alerts')} {len(state.unresolved())}",
            self._services(state).plain.strip(),
        ]
        return " | ".join([*parts, state.message] if state.message else parts)

    def _divide(self, body: layout.Layout, state: model.Model) -> None:
        units, alerts = (
            layout.Layout(self._units(state), name="units"),
            layout.Layout(self._alerts(state), name="alerts"),
        )
        if self._is_wide():
            units.ratio, alerts.ratio = 3, 2
            body.split_row(units, alerts)
        else:
            alerts.size = self._alerts_height(state)
            body.split_column(alerts, units)

    def _help(self) -> RenderableType:
        listed = table.Table.grid(padding=(0, 2))
        for key, word in _HELP.items():
            listed.add_row(text.Text(key, style="bold"), self._say(word))
        return panel.Panel(listed, title=self._say("help_title"), box=self._box())

    def _header(self, state: model.Model) -> RenderableType:
        title = table.Table.grid(expand=True)
        title.add_column(no_wrap=True, overflow="ellipsis")
        title.add_column(justify="right", no_wrap=True)
        name = state.tenant.name if state.tenant else ""
        title.add_row(text.Text(f" DriveOps  {name}", style="bold"), text.Text(f"{state.now:%Y-%m-%d %H:%M:%S} UTC "))
        # Whole and without a break, so that a terminal makes a link of it.
        where = [text.Text(f" {self._address}", style="dim", no_wrap=True, overflow="ignore")] if self._address else []
        return Group(title, self._counts(state.view), self._flow(state), self._services(state), *where)

    def _counts(self, view: demo_view.View | None) -> text.Text:
        line = _line()
        if view is None:
            return line
        numbers = {"moving": view.moving, "standing": view.known - view.moving - view.stale, "stale": view.stale}
        line.append(f" {self._say.number(view.known)} {self._say('units').lower()} ")
        for kind, number in numbers.items():
            line.append(f"  {self._symbol[kind]} {self._say.number(number)} {self._say(kind)}", style=_STYLES[kind])
        return line

    def _flow(self, state: model.Model) -> text.Text:
        say, view, line = self._say, state.view, _line()
        if view is None:
            return line
        line.append(f" {say.number(view.fixes)} {say('fixes')}  ")
        line.append(say("per_second", rate=say.number(round(state.rate))), style="bold")
        if view.median_lag_s is not None and view.high_lag_s is not None:
            line.append(
                f"  {say('lag')} {say.decimal(view.median_lag_s, 2)} s (95 %: {say.decimal(view.high_lag_s, 2)} s)"
            )
        line.append(f"  {say.number(view.crossings)} {say('crossings')}")
        if view.last_crossing is not None:
            last = view.last_crossing
            line.append(f"  {say(last.kind, device=last.device, fence=last.fence)}", style="dim")
        return line

    def _services(self, state: model.Model) -> text.Text:
        line = _line()
        line.append(f" {self._say('services')} ")
        for name, is_up in state.services.items():
            line.append(f" {self._symbol['up' if is_up else 'down']} ", style="green" if is_up else "bold red")
            line.append(name if is_up else f"{name} {self._say('down')}", style="" if is_up else "bold red")
        return line

    def _units(self, state: model.Model) -> RenderableType:
        say, view = self._say, state.view
        title = say("units")
        if view is not None and view.units:
            first = state.first_unit + 1
            title += " " + say("page", first=first, last=state.first_unit + len(view.units), all=say.number(view.known))
        shown = table.Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="dim")
        shown.add_column(say("unit"), no_wrap=True, width=14)
        if self._is_wide():
            shown.add_column(say("who"), no_wrap=True, overflow="ellipsis", ratio=2)
        shown.add_column(say("place"), no_wrap=True, overflow="ellipsis", ratio=3)
        shown.add_column(say("speed"), justify="right", no_wrap=True, width=5)
        shown.add_column(say("age"), justify="right", no_wrap=True, width=6)
        for unit in view.units if view else ():
            kind = model.liveness(unit, state.now)
            kmh = "–" if unit.speed_mps is None or kind is model.Liveness.STALE else f"{unit.speed_mps * 3.6:.0f}"
            cells = [
                f"{self._symbol[kind]} {unit.name}",
                self._street(unit.lat, unit.lon),
                kmh,
                _duration(state.now - unit.time),
            ]
            if self._is_wide():
                cells.insert(1, unit.who)
            shown.add_row(*map(text.Text, cells), style=_STYLES[kind] if kind is not model.Liveness.STANDING else "")
        content = shown if view and view.units else text.Text(say("no_units"), style="dim")
        return panel.Panel(
            content, title=title, title_align="left", box=self._box(), border_style=self._border(state, "units")
        )

    def _alerts(self, state: model.Model) -> RenderableType:
        alerts = state.view.alerts if state.view else ()
        content: RenderableType = text.Text(self._say("no_alerts"), style="dim")
        if alerts:
            content = Group(*(line for alert in self._visible(state, alerts) for line in self._alert(alert, state)))
        open_count = len(state.unresolved())
        title = self._say("alerts") + (f" {open_count}" if open_count else "")
        style = (
            "bold red" if any(a.state is emergencies.AlertState.OPEN for a in alerts) else self._border(state, "alerts")
        )
        return panel.Panel(content, title=title, title_align="left", box=self._box(), border_style=style)

    def _visible(self, state: model.Model, alerts: tuple[demo_view.Alert, ...]) -> tuple[demo_view.Alert, ...]:
        """So many alerts as fit, the selected one among them."""
        height = (
            self._console.height - self._header_rows - _FOOTER_ROWS if self._is_wide() else self._alerts_height(state)
        )
        room = max(1, (height - _FRAME_ROWS) // (_ALERT_ROWS_WIDE if self._is_wide() else _ALERT_ROWS))
        chosen = state.chosen()
        place = alerts.index(chosen) if chosen in alerts else 0
        first = min(max(0, place - room + 1), max(0, len(alerts) - room))
        return alerts[first : first + room]

    def _alert(self, alert: demo_view.Alert, state: model.Model) -> list[text.Text]:
        symbol, style = _ALERT_LOOK[alert.state]
        chosen = state.chosen()
        is_chosen = chosen is not None and chosen.id == alert.id
        first = _line()
        first.append(f"{'>' if is_chosen else ' '}{self._symbol[symbol]} {self._say(alert.state)} ", style=style)
        first.append(f"{_duration(state.now - alert.raised_at)} ", style=style)
        first.append(alert.who or alert.fob, style="bold")
        if alert.press_count > 1:
            first.append(f"  {self._say('presses', count=alert.press_count)}", style="red")
        where, what = [alert.device_name, alert.fob], []
        if alert.location_lat is not None and alert.location_lon is not None:
            where.append(self._street(alert.location_lat, alert.location_lon))
        by = alert.resolved_by or alert.acknowledged_by
        if by:
            what.append(self._say("acknowledged_by", by=by))
        if alert.fob in state.lamps:
            what.append(self._say("lamp", state=self._say("lamp_" + state.lamps[alert.fob].lower())))
        lines = [first, *(_details(*part) for part in ([where, what] if self._is_wide() else [[*where, *what]]))]
        if is_chosen and state.focus is model.Focus.ALERTS:
            for line in lines:
                line.stylize("on grey23")
        return lines

    def _footer(self, state: model.Model) -> text.Text:
        line = _line()
        if state.typing is not None:
            line.append(f" {self._say('ask_resolution')}", style="bold")
            line.append(f"{state.typing}_")
        elif state.message:
            line.append(f" {state.message}", style="bold red" if state.is_trouble else "bold")
        else:
            line.append(f" {self._say('keys')}", style="dim")
        return line

    def _alerts_height(self, state: model.Model) -> int:
        count = len(state.view.alerts) if state.view else 0
        wanted = _FRAME_ROWS + max(1, _ALERT_ROWS * count)
        return min(wanted, max(_FRAME_ROWS + _ALERT_ROWS, self._console.height // _MOST_ALERT_SHARE))

    def _is_wide(self) -> bool:
        return self._console.width >= _WIDE_COLUMNS

    def _box(self) -> box.Box:
        return box.ASCII if self._console.options.ascii_only else box.ROUNDED

    def _border(self, state: model.Model, part: str) -> str:
        return "blue" if state.focus == part else "dim"


def _line() -> text.Text:
    return text.Text(no_wrap=True, overflow="ellipsis")


def _details(*parts: str) -> text.Text:
    line = _line()
    line.append("   " + " · ".join(filter(None, parts)), style="dim")
    return line


def _duration(age: dt.timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S}:{seconds % _MINUTE_S:02d}"
    return f"{seconds // _HOUR_S} h" if seconds < _DAY_S else f"{seconds // _DAY_S} d"
