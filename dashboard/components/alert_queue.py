"""All unresolved alerts, the most urgent first."""

from collections.abc import Sequence

from dash import Input, Output, callback, html

from dashboard import attributes, i18n, ids
from dashboard.components import alert_banner, alert_row, alert_words


def render() -> html.Div:
    """The queue; its rows come with the live socket, and the banner's neighbour says them aloud."""
    return html.Div(id=ids.ALERT_QUEUE)


def content(alerts: Sequence[alert_words.AlertData], selected: str | None) -> html.Ul | html.P:
    """The rows, or a word that there are none."""
    if not alerts:
        return html.P(i18n.text("Nobody needs help."), className="quiet")
    may_handle = alert_banner.may_handle()
    rows = [alert_row.render(alert, selected=alert["id"] == selected, may_handle=may_handle) for alert in alerts]
    return html.Ul(rows, **attributes.named({"aria-label": i18n.text("Alerts")}))


@callback(Output(ids.ALERT_QUEUE, "children"), Output(ids.ALERT_QUEUE, "data-serial"), Input(ids.ALERTS_SHOWN, "data"))
async def show(wanted: alert_banner.Wanted | None) -> tuple[html.Ul | html.P, int]:
    """Follow the live socket and the keys."""
    if wanted is None:
        return content([], None), 0
    return content(wanted["alerts"], wanted["selected"]), wanted["serial"]
