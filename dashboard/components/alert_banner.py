"""The banner under the bar, on every page: the alert that the keys act on; open ones before taken ones.

assets/alert_choice.js says which is selected and, by `alerts-shown`, what is to be drawn; it asks again until its
`serial` comes back as `data-serial`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import Input, Output, callback, html

from api import identity
from dashboard import attributes, i18n, ids
from dashboard.components import alert_row, alert_words
from domain import accounts, emergencies

#: What the scripts want shown: {"serial", "alerts", "selected"}.
Wanted = Mapping[str, Any]


def render() -> html.Section:
    """The banner; empty and hidden where everything is resolved."""
    return html.Section(id=ids.ALERT_BANNER, **attributes.named({"aria-label": i18n.text("Open alerts")}))


def spoken() -> html.P:
    """What a screen reader says at once; beside the banner, as the times in that change each second."""
    return html.P(id=ids.ALERT_SPOKEN, role="alert", className="spoken")


def content(alerts: Sequence[alert_words.AlertData], selected: str | None) -> list[html.Ul | html.Span]:
    """What is in it."""
    shown = _shown(alerts, selected)
    if shown is None:
        return []
    row = alert_row.render(shown, selected=shown["id"] == selected, may_handle=may_handle())
    more = [html.Span(text, className="more") for text in _others(alerts, shown)]
    return [html.Ul([row]), *more]


def speech(alerts: Sequence[alert_words.AlertData], selected: str | None) -> str:
    """The same in a sentence."""
    shown = _shown(alerts, selected)
    if shown is None:
        return ""
    return ", ".join([shown["text"], alert_words.state(shown), *_others(alerts, shown)])


def may_handle() -> bool:
    """Whether the reader may act on alerts."""
    signed_in = identity.current_or_none.get()
    return signed_in is not None and signed_in.may(accounts.Permission.HANDLE_ALERTS)


def _shown(alerts: Sequence[alert_words.AlertData], selected: str | None) -> alert_words.AlertData | None:
    # As `shown` of assets/alert_choice.js, which the keys go by.
    opened = [alert for alert in alerts if alert["state"] == emergencies.AlertState.OPEN]
    shown = opened or alerts
    return next((alert for alert in shown if alert["id"] == selected), shown[0] if shown else None)


def _others(alerts: Sequence[alert_words.AlertData], shown: alert_words.AlertData) -> list[str]:
    count = sum(alert["state"] == emergencies.AlertState.OPEN for alert in alerts if alert is not shown)
    return [i18n.plural("{count} more open", "{count} more open", count)] if count else []


@callback(
    Output(ids.ALERT_BANNER, "children"),
    Output(ids.ALERT_SPOKEN, "children"),
    Output(ids.ALERT_BANNER, "data-serial"),
    Input(ids.ALERTS_SHOWN, "data"),
)
async def show(wanted: Wanted | None) -> tuple[list[html.Ul | html.Span], str, int]:
    """Follow the live socket and the keys."""
    if wanted is None:
        return [], "", 0
    alerts, selected = wanted["alerts"], wanted["selected"]
    return content(alerts, selected), speech(alerts, selected), wanted["serial"]
