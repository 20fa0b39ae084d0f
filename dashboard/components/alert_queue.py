"""All unresolved alerts, the most urgent first."""

from dash import html

from dashboard import ids


def render() -> html.Div:
    """The place of the queue; assets/alert_view.js draws its rows, and the banner's neighbour says them aloud."""
    return html.Div(id=ids.ALERT_QUEUE)
