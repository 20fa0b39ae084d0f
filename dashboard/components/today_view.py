"""The tenant's day in figures, or why the reader sees none."""

import asyncio
import datetime as dt
from typing import Any

from dash import Input, Output, callback, dcc, html

from api import figures_desk, identity
from dashboard import i18n, ids, request_context
from dashboard.components import today_figures, today_rows
from domain import accounts

_REFRESH_MS = 60_000


async def render() -> html.Div:
    """The page, or why there is none."""
    signed_in = identity.current()
    if not signed_in.may(accounts.Permission.SEE_FIGURES):
        return refusal()
    day = await _read(signed_in)
    return html.Div(
        className="page",
        id=ids.TODAY_CONTENT,
        children=[
            html.H1(i18n.text("Today")),
            html.P(_as_of(day, signed_in.time_zone), id=ids.TODAY_AS_OF),
            html.Div(today_figures.render(day), id=ids.TODAY_FIGURES),
            *today_rows.render(day, zone=signed_in.time_zone),
            dcc.Interval(id=ids.TODAY_REFRESH, interval=_REFRESH_MS),
        ],
    )


@callback(
    Output(ids.TODAY_AS_OF, "children"),
    Output(ids.TODAY_FIGURES, "children"),
    *(Output(today_rows.chart_place(name), "children") for name in today_rows.SECTIONS),
    *(Output(today_figures.grid(name), "rowData") for name in today_rows.SECTIONS),
    Input(ids.TODAY_REFRESH, "n_intervals"),
    prevent_initial_call=True,
)
async def refresh(_ticks: int) -> tuple[Any, ...]:
    """Read the day again; what is filtered and sorted stays so."""
    signed_in = identity.current()
    day = await _read(signed_in)
    zone = signed_in.time_zone
    return (
        _as_of(day, zone),
        today_figures.render(day),
        *today_rows.charts(day, zone=zone),
        *today_rows.rows(day, zone=zone),
    )


async def _read(signed_in: accounts.Identity) -> figures_desk.Today:
    return await asyncio.to_thread(request_context.figures().today, signed_in, dt.datetime.now(dt.UTC))


def _as_of(day: figures_desk.Today, zone: str) -> str:
    time = i18n.clock(day.now, zone=zone)
    return i18n.text("{day}, as of {time} ({zone})", day=i18n.day(day.start), time=time, zone=zone)


def refusal() -> html.Div:
    """What somebody reads whose role may not see figures."""
    return html.Div(
        className="page",
        id=ids.TODAY_CONTENT,
        role="alert",
        children=[
            html.H1(i18n.text("Your role does not allow this")),
            html.P(i18n.text("The figures of the day are for managers. Ask an administrator of your company.")),
        ],
    )
