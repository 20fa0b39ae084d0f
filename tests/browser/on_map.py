"""What is drawn on a visitor's map, asked by a unit's name."""

import base64
from typing import Any

from playwright import sync_api

from db.seed import roster
from tests.browser import visitor

ASK_UNITS = "() => fetch('/api/v1/units').then(answer => answer.json())"


def wait(dana: visitor.Visitor, units: int) -> None:
    """Until so many are drawn."""
    dana.wait_for(visitor.MAP_STATS, lambda stats: stats is not None and stats["units"] == units)


def stats(dana: visitor.Visitor) -> dict[str, Any]:
    """What the map says of itself."""
    found: dict[str, Any] = dana.evaluate(visitor.MAP_STATS)
    return found


def device_id(dana: visitor.Visitor, unit: roster.Unit) -> int:
    """The number of a unit of the visitor's company."""
    return next(int(each["id"]) for each in dana.evaluate(ASK_UNITS) if each["name"] == unit.device)


def ask_place(dana: visitor.Visitor, unit: roster.Unit) -> str:
    """The question where a unit is drawn; null before the map's scripts have run and while it isn't drawn."""
    return f"() => window.driveops?.map?.place?.({device_id(dana, unit)}) ?? null"


def place(dana: visitor.Visitor, unit: roster.Unit) -> dict[str, Any]:
    """Where a unit is drawn, in degrees and on the page, and how."""
    found: dict[str, Any] = dana.wait_for(ask_place(dana, unit), lambda found: found is not None)
    return found


_COLOURS = """async (png) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png}`;
    await image.decode();
    const pen = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height }).getContext("2d");
    pen.drawImage(image, 0, 0);
    const { data } = pen.getImageData(0, 0, image.width, image.height);
    const hex = (i) => "#" + [0, 1, 2].map((part) => data[i + part].toString(16).padStart(2, "0")).join("");
    return Array.from({ length: data.length / 4 }, (_, i) => hex(i * 4));
}"""


def colours(dana: visitor.Visitor, at: dict[str, Any], half_px: int = 12) -> set[str]:
    """The colours of the page around a place, as people see it."""
    clip = {"x": at["x"] - half_px, "y": at["y"] - half_px, "width": 2 * half_px, "height": 2 * half_px}
    png = base64.b64encode(dana.page.screenshot(clip=clip)).decode()  # type: ignore[arg-type]
    return set(dana.page.evaluate(_COLOURS, png))


def wait_for_colour(dana: visitor.Visitor, unit: roster.Unit, colour: str) -> None:
    """Until the unit's mark has this colour."""
    for _ in range(visitor.LIMIT_MS // 200):
        found = colours(dana, place(dana, unit))
        if colour in found:
            return
        dana.page.wait_for_timeout(200)
    raise AssertionError(f"{unit.device} is not {colour}: {sorted(found)}")


def choose(dana: visitor.Visitor, unit: roster.Unit) -> None:
    """Select a unit in the list."""
    dana.page.locator("#unit-search").fill(unit.device)
    dana.page.locator("#unit-list .ag-row", has_text=unit.device).first.click()
    sync_api.expect(dana.page.locator("#unit-card")).to_contain_text(unit.device)


def note(dana: visitor.Visitor, reason: str) -> sync_api.Locator:
    """The line of text over the map that there is for this reason."""
    return dana.page.locator(f'#live-map [data-note="{reason}"]')
