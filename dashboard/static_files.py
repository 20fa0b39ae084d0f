"""What the map loads from this server: the browser libraries and the town's vector tiles."""

import logging
import mimetypes

import fastapi
from fastapi.responses import FileResponse
from starlette import staticfiles

from api import settings

VENDOR = "/static/vendor"
TOWN = "/static/town/basemap.pmtiles"
_LOG = logging.getLogger(__name__)


def mount(server: fastapi.FastAPI, choice: settings.Settings) -> None:
    """Serve what there is; the page says what is missing."""
    # A machine may know .mjs as text/plain, and browsers run no module of that type.
    mimetypes.add_type("text/javascript", ".mjs")
    if choice.vendor_folder.is_dir():
        server.mount(VENDOR, staticfiles.StaticFiles(directory=choice.vendor_folder), name="vendor")
    else:
        _LOG.warning("no map: %s is missing (`make setup` installs it; WEB_VENDOR_DIR)", choice.vendor_folder)
    pmtiles = choice.map_pmtiles
    if pmtiles is None:
        return

    @server.get(TOWN, include_in_schema=False)
    async def town() -> FileResponse:
        return FileResponse(pmtiles, media_type="application/vnd.pmtiles")
