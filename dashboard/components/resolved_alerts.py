"""The alerts of the last 24 hours that are over, each with what happened to it."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any

from dash import Input, Output, callback, html

from api import identity
from dashboard import i18n, ids, request_context
from dashboard.components import alert_words
from db import alert_changes, today_reads


def render() -> html.Div:
    """The place for them."""
    return html.Div(id=ids.RESOLVED_ALERTS)


def content(alerts: Sequence[today_reads.ResolvedAlert], *, zone: str) -> html.Table | html.P:
    """A table, or a word that there are none."""
    if not alerts:
        return html.P(i18n.text("None."), className="quiet")
    titles = [i18n.text("Raised"), i18n.text("Who"), i18n.text("How it ended"), i18n.text("History")]
    head = html.Thead(html.Tr([html.Th(title, scope="col") for title in titles]))
    return html.Table([head, html.Tbody([_row(alert, zone) for alert in alerts])])


def _row(alert: today_reads.ResolvedAlert, zone: str) -> html.Tr:
    who = alert.person or i18n.text("fob {fob} on {device}", fob=alert.fob, device=alert.device_name)
    return html.Tr(
        [
            html.Td(i18n.clock(alert.raised_at, zone=zone)),
            html.Td(who),
            html.Td(f"{alert.resolution} ({alert.resolved_by})"),
            html.Td(
                html.Details(
                    [
                        html.Summary(i18n.plural("{count} entry", "{count} entries", len(alert.history))),
                        html.Ol([html.Li(_line(line, zone)) for line in alert.history]),
                    ]
                )
            ),
        ]
    )


def _line(line: alert_changes.Change, zone: str) -> str:
    parts = [i18n.clock(line.at, zone=zone), alert_words.change(line.change), line.actor, line.note]
    return " · ".join(filter(None, parts))


@callback(Output(ids.RESOLVED_ALERTS, "children"), Input(ids.ALERTS_STORE, "data"))
async def show(_alerts: list[Any] | None) -> html.Table | html.P:
    """Read them again whenever the unresolved ones change."""
    signed_in = identity.current()
    figures = request_context.figures()
    found = await asyncio.to_thread(figures.resolved_alerts, signed_in, dt.datetime.now(dt.UTC))
    return content(found, zone=signed_in.time_zone)
