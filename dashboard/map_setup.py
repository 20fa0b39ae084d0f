"""What the page tells assets/live_map.js: where the map's parts are, and its words in the reader's language."""

import json

from api import settings
from dashboard import i18n, static_files


def setup(choice: settings.Settings) -> str:
    """The JSON of the map's `data-setup`."""
    return json.dumps(
        {
            "vendor": static_files.VENDOR,
            "pmtiles": static_files.TOWN if choice.map_pmtiles else None,
            "raster": choice.map_raster_url,
            "attribution": choice.map_attribution,
            "texts": {
                "no_map": i18n.text("The map cannot be loaded."),
                "no_names": i18n.text("Names and geofences cannot be read; trying again."),
                "no_raster": i18n.text("The tile server does not answer: its layer is hidden."),
                "no_town": i18n.text("The map of the town cannot be loaded."),
                "no_positions": i18n.text("Not connected: no positions yet."),
                "old_positions": i18n.text("Not connected: positions are {seconds} s old."),
                "no_new_positions": i18n.text("No new positions: these are {seconds} s old."),
                "no_news": i18n.text("No new positions."),
                "controls": {
                    "Map.Title": i18n.text("Map of the units"),
                    "NavigationControl.ZoomIn": i18n.text("Zoom in"),
                    "NavigationControl.ZoomOut": i18n.text("Zoom out"),
                    "AttributionControl.ToggleAttribution": i18n.text("Sources of the map"),
                },
            },
        }
    )
