import datetime as dt
import json
import uuid

from domain import fence_fold, fence_messages, fences

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_every_kind_of_event_has_a_name_of_its_own() -> None:
    assert set(fence_messages.NAMES) == set(fences.EventKind)
    assert len(set(fence_messages.NAMES.values())) == len(fences.EventKind)


def test_an_event_is_told_with_its_names_and_times() -> None:
    fence_id, visit_id = uuid.UUID(int=1), uuid.UUID(int=2)
    event = fence_fold.FenceEvent(
        fence_id=fence_id,
        kind=fences.EventKind.ENTERED,
        reason=fences.Reason.COUNT,
        time=NOW,
        lat=60.17,
        lon=24.94,
        decided_at=NOW + dt.timedelta(seconds=2, milliseconds=5),
        visit_id=visit_id,
    )

    told = json.loads(fence_messages.encode(event, tenant="acme", device="van-01", device_id=7, fence="Dépôt"))

    assert told == {
        "tenant": "acme",
        "device": "van-01",
        "device_id": 7,
        "geofence": "Dépôt",
        "geofence_id": str(fence_id),
        "kind": "entered",
        "reason": "count",
        "time": "2026-03-01T12:00:00.000Z",
        "decided_at": "2026-03-01T12:00:02.005Z",
        "visit_id": str(visit_id),
        "lat": 60.17,
        "lon": 24.94,
        "speed_mps": None,
    }
