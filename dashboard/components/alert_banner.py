"""The banner under the bar, on every page: the selected alert, or else the most urgent; open ones before taken ones."""

from collections.abc import Sequence

from dash import Input, Output, callback, html

from api import identity
from dashboard import attributes, i18n, ids
from dashboard.components import alert_row, alert_words
from domain import accounts, emergencies


def render(alerts: Sequence[alert_words.AlertData], selected: str | None = None) -> html.Section:
    """The banner; empty and hidden where everything is resolved."""
    return html.Section(
        content(alerts, selected),
        id=ids.ALERT_BANNER,
        role="alert",
        **attributes.named({"aria-label": i18n.text("Open alerts")}),
    )


def content(alerts: Sequence[alert_words.AlertData], selected: str | None) -> list[html.Ul | html.Span]:
    """What is in it."""
    shown = _shown(alerts, selected)
    if shown is None:
        return []
    row = alert_row.render(shown, selected=shown["id"] == selected, may_handle=may_handle())
    others = sum(alert["state"] == emergencies.AlertState.OPEN for alert in alerts if alert is not shown)
    more = (
        [html.Span(i18n.plural("{count} more open", "{count} more open", others), className="more")] if others else []
    )
    return [html.Ul([row]), *more]


def may_handle() -> bool:
    """Whether the reader may act on alerts."""
    signed_in = identity.current_or_none.get()
    return signed_in is not None and signed_in.may(accounts.Permission.HANDLE_ALERTS)


def _shown(alerts: Sequence[alert_words.AlertData], selected: str | None) -> alert_words.AlertData | None:
    opened = [alert for alert in alerts if alert["state"] == emergencies.AlertState.OPEN]
    shown = opened or alerts
    return next((alert for alert in shown if alert["id"] == selected), shown[0] if shown else None)


@callback(Output(ids.ALERT_BANNER, "children"), Input(ids.ALERTS_STORE, "data"), Input(ids.SELECTED_ALERT, "data"))
async def show(alerts: list[alert_words.AlertData] | None, selected: str | None) -> list[html.Ul | html.Span]:
    """Follow the live socket."""
    return content(alerts or [], selected)
