"""One unresolved alert, in the banner and in the queue; assets/keyboard.js hears its buttons."""

from dash import html

from dashboard import attributes, i18n
from dashboard.components import alert_words
from domain import emergencies


def render(alert: alert_words.AlertData, *, selected: bool, may_handle: bool) -> html.Li:
    """A row with its actions; shape and word tell the state, not colour alone."""
    is_open = alert["state"] == emergencies.AlertState.OPEN
    return html.Li(
        className="alert-row",
        children=[
            html.Span("▲" if is_open else "◆", className="alert-mark", **attributes.named({"aria-hidden": "true"})),
            html.Div([html.Strong(alert_words.who(alert)), html.Span(alert["text"])], className="alert-what"),
            html.Div(_facts(alert), className="alert-facts"),
            html.Div(_buttons(alert, is_open=is_open, may_handle=may_handle), className="alert-buttons"),
        ],
        **attributes.named(
            {
                "data-alert": alert["id"],
                "data-state": alert["state"],
                "data-lat": alert["lat"],
                "data-lon": alert["lon"],
                "aria-current": "true" if selected else "false",
            }
        ),
    )


def _facts(alert: alert_words.AlertData) -> list[html.Span]:
    ago = html.Span(className="ago", **attributes.named({"data-since": alert_words.milliseconds(alert["raised_at"])}))
    facts = [html.Span(alert_words.state(alert)), ago, *map(html.Span, alert_words.remarks(alert))]
    if alert["location_age_s"] is not None:
        facts.append(html.Span(i18n.text("position {age} old", age=i18n.duration(alert["location_age_s"]))))
    return facts


def _buttons(alert: alert_words.AlertData, *, is_open: bool, may_handle: bool) -> list[html.Button]:
    buttons = []
    if may_handle and is_open:
        buttons.append(_button("acknowledge", "A", i18n.text("Acknowledge")))
    if may_handle:
        buttons.append(_button("resolve", "R", i18n.text("Resolve")))
    if alert["lat"] is not None:
        buttons.append(_button("locate", "Z", i18n.text("Show on the map")))
    return buttons


def _button(action: str, key: str, label: str) -> html.Button:
    return html.Button(
        [label, " ", html.Kbd(key)],
        type="button",
        className=f"action {action}",
        **attributes.named({"data-action": action, "aria-keyshortcuts": key.lower()}),
    )
