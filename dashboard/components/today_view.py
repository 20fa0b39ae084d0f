"""The tenant's day in figures, or why the reader sees none."""

import asyncio
import datetime as dt

from dash import html

from api import identity
from dashboard import i18n, ids, request_context
from dashboard.components import today_figures, today_rows
from domain import accounts


async def render() -> html.Div:
    """The page, or why there is none."""
    signed_in = identity.current()
    if not signed_in.may(accounts.Permission.SEE_FIGURES):
        return refusal()
    day = await asyncio.to_thread(request_context.figures().today, signed_in, dt.datetime.now(dt.UTC))
    return html.Div(
        className="page",
        id=ids.TODAY_CONTENT,
        children=[
            html.H1(i18n.text("Today")),
            html.P(
                i18n.text(
                    "{day}, as of {time} ({zone})",
                    day=i18n.day(day.start),
                    time=i18n.clock(day.now, zone=signed_in.time_zone),
                    zone=signed_in.time_zone,
                )
            ),
            today_figures.render(day),
            *today_rows.render(day, zone=signed_in.time_zone),
        ],
    )


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
