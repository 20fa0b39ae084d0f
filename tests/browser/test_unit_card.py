"""The card of a unit tells what happened at fences, why it was believed and what late data has corrected."""

import datetime as dt

import pytest
import sqlalchemy as sa
from playwright import sync_api

from db import tables
from domain import fences
from tests.browser import on_look, on_map, people, town
from tests.browser.conftest import Visit

UNIT = town.of_demo()[1]
SAID = {
    "en": ("leaves unauthorised · ", "in guarded hours", "corrected at "),
    "fr": ("sort sans autorisation · ", "pendant les heures surveillées", "corrigé à "),
}

REASONS = {
    fences.EventKind.ENTERED: fences.Reason.COUNT,
    fences.EventKind.DWELLED: fences.Reason.DWELL,
    fences.EventKind.CROSSED: fences.Reason.SEGMENT,
    fences.EventKind.SPEEDING: fences.Reason.SPEED,
    fences.EventKind.ABSENT: fences.Reason.WINDOW,
    fences.EventKind.UNAUTHORISED: fences.Reason.GUARD,
}


@pytest.fixture
def events(owner: sa.Engine, streets: town.Town) -> None:
    """As many as the card shows, half of them corrected."""
    streets.move()
    now = dt.datetime.now(dt.UTC)
    device, tenant = tables.device.c, tables.tenant.c
    with owner.begin() as connection:
        query = sa.select(device.tenant_id, device.id).join(tables.tenant, tenant.id == device.tenant_id)
        query = query.where(tenant.slug == UNIT.tenant, device.name == UNIT.device)
        tenant_id, device_id = connection.execute(query).one()
        fence_id = connection.scalar(sa.select(tables.geofence.c.id).where(tables.geofence.c.tenant_id == tenant_id))
        kinds = (*fences.EventKind, fences.EventKind.EXITED)
        for number, kind in enumerate(reversed(kinds)):
            corrected = now if number % 2 else None
            time = now - dt.timedelta(minutes=len(kinds) - number)
            row = {"tenant_id": tenant_id, "device_id": device_id, "geofence_id": fence_id, "kind": kind, "time": time}
            reason = REASONS.get(kind, fences.Reason.SCHEDULE)
            receipt = {"received_at": now, "decided_at": time, "corrected_at": corrected}
            connection.execute(sa.insert(tables.geofence_event).values(**row, **receipt, reason=reason))


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_events_tell_their_reason_and_correction_in_the_readers_language(
    visit: Visit, axe: str, scheme: str, language: str
) -> None:
    dana = visit(people.DISPATCHER, color_scheme=scheme)
    dana.evaluate(f"() => {{ document.cookie = 'language={language}; path=/'; location.reload(); }}")

    on_map.choose(dana, UNIT)

    card = dana.page.locator("#unit-card")
    line = card.get_by_role("listitem").filter(has_text=SAID[language][0])
    sync_api.expect(line).to_have_count(1)
    for said in SAID[language]:
        sync_api.expect(line).to_contain_text(said)
    sync_api.expect(card.get_by_role("listitem")).to_have_count(8)
    sync_api.expect(card.locator(".event-corrected")).to_have_count(4)
    found = on_look.violations(dana, axe, "#unit-card")
    assert not found, "\n".join(found)
    assert card.evaluate("card => card.scrollWidth - card.clientWidth") <= 0


@pytest.mark.usefixtures("events")
def test_the_last_event_can_be_read_by_keyboard_on_a_low_screen(visit: Visit) -> None:
    dana = visit(people.DISPATCHER, viewport={"width": 1024, "height": 420})
    on_map.choose(dana, UNIT)
    last = dana.page.locator("#unit-card").get_by_role("listitem").last
    dana.page.locator("#unit-card-close").focus()

    for _ in range(20):
        dana.page.keyboard.press("ArrowDown")

    sync_api.expect(last).to_be_in_viewport(ratio=0.9)
