"""The place that assets/live_map.js draws the map in."""

from dash import html

from api import settings
from dashboard import attributes, ids, map_setup


def render(choice: settings.Settings) -> html.Div:
    """The place, with what the script needs to know."""
    # No role of its own: MapLibre names its canvas, and two landmarks of one name are one too many.
    named = attributes.named({"data-setup": map_setup.setup(choice)})
    return html.Div(id=ids.LIVE_MAP, **named)
