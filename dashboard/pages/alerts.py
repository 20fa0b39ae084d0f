"""The alerts: those that somebody must look at, and what became of the others in a day."""

import functools

import dash
from dash import html

from dashboard import i18n
from dashboard.components import alert_queue, resolved_alerts

dash.register_page(__name__, path="/alerts", title=functools.partial(i18n.title, "Alerts"))  # type: ignore[no-untyped-call]


def layout(**_query: str) -> html.Div:
    """The page."""
    return html.Div(
        className="page",
        children=[
            html.H1(i18n.text("Alerts")),
            html.P(i18n.text("Keys: ↑ ↓ choose, A acknowledge, R resolve, Z show on the map"), className="quiet"),
            alert_queue.render(),
            html.H2(i18n.text("Resolved in the last 24 hours")),
            resolved_alerts.render(),
        ],
    )
