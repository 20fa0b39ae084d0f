"""The place that assets/live_map.js draws the map in."""

from dash import html

from api import settings
from dashboard import attributes, i18n, ids, map_setup


def render(choice: settings.Settings) -> html.Div:
    """The place, with what the script needs to know."""
    named = attributes.named({"data-setup": map_setup.setup(choice), "aria-label": i18n.text("Map of the units")})
    return html.Div(id=ids.LIVE_MAP, role="region", **named)
