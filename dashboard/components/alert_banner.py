"""The places of what assets/alert_view.js draws on every page: the banner under the bar, and what is said of it aloud."""

from dash import html

from dashboard import attributes, i18n, ids


def render() -> html.Section:
    """The banner: the alert that the keys act on, the others folded in it; empty and hidden where everything is resolved."""
    return html.Section(id=ids.ALERT_BANNER, **attributes.named({"aria-label": i18n.text("Open alerts")}))


def spoken() -> html.P:
    """What a screen reader says at once, each newcomer by itself; not in the banner, whose times change each second."""
    return html.P(id=ids.ALERT_SPOKEN, role="alert", className="spoken", **attributes.named({"aria-atomic": "false"}))
