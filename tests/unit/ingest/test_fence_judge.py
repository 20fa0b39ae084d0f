import uuid
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from db import fix_rows
from domain import fence_fold, fence_states, fences
from ingest import fence_index, fence_judge
from tests.unit.ingest import fence_cases

DEVICES = (11, 12, 13)
Story = list[tuple[int, fence_fold.FenceEvent]]


def plainly(
    index: fence_index.FenceIndex, rows: fix_rows.FixRows, watched: Sequence[fences.Geofence], device_id: int
) -> tuple[fence_states.Stays, Story]:
    """One device through the plain fold."""
    looked = [
        fence_fold.Watched(fence=each, outline=fence_cases.IndexOutline(index, index.number_of[each.id]))
        for each in watched
    ]
    stays, before, story = fence_states.NO_STAYS, None, []
    for row in rows:
        seen = fence_cases.observation(row)
        stays, events = fence_fold.step(stays, before, seen, looked, device_id=device_id)
        story += [(device_id, event) for event in events]
        before = seen
    return stays, story


def at_once(
    index: fence_index.FenceIndex, batches: Sequence[Sequence[fix_rows.FixRows]], tenant: uuid.UUID
) -> tuple[list[fence_states.Stays], Story]:
    """All devices through the engine, batch by batch."""
    states: list[dict[uuid.UUID, fence_states.Stay]] = [{} for _ in DEVICES]
    before = np.zeros(len(DEVICES), fence_judge.BEFORE_DTYPE)
    story: Story = []
    for tracks in batches:
        rows = np.concatenate(tracks)
        present = np.flatnonzero([len(track) > 0 for track in tracks])
        starts = fix_rows.run_starts(rows["device_id"])
        tenants = np.full(len(rows), index.tenant_index(tenant), np.int64)
        judged = fence_judge.judge_states(
            index, rows, starts, tenants=tenants, before=before[present], states=[states[place] for place in present]
        )
        story += [(int(rows["device_id"][told.row]), told.event) for told in judged.told]
        for place, changes in judged.changed().items():
            for fence_id, stay in changes.items():
                state = states[present[place]]
                if stay is None:
                    state.pop(fence_id, None)
                else:
                    state[fence_id] = stay
        ends = np.append(starts[1:], len(rows)) - 1 if len(starts) else starts
        for name in ("time_us", "lat", "lon"):
            before[name][present] = rows[name][ends]
        before["known"][present] = True
    return list(states), story


@settings(max_examples=120, deadline=None)
@given(fence_cases.towns(), st.data())
def test_the_engine_says_what_the_plain_fold_says_in_any_batching(
    town: tuple[tuple[float, float], list[fences.Geofence]], data: st.DataObject
) -> None:
    origin, drawn = town
    restricted = data.draw(st.sets(st.sampled_from(range(5))))
    assigned = {fence.id: frozenset(DEVICES[:1]) for number, fence in enumerate(drawn) if number in restricted}
    index = fence_index.FenceIndex(drawn, assigned)
    tenant = fence_cases.TENANTS[0]
    tracks = []
    for device_id in DEVICES:
        track = data.draw(fence_cases.tracks(origin))
        track["device_id"] = device_id
        tracks.append(track)
    cuts = [sorted(data.draw(st.lists(st.integers(0, len(track)), min_size=2, max_size=2))) for track in tracks]
    batches = [
        [track[begin:end] for track, begin, end in zip(tracks, begins, ends, strict=True)]
        for begins, ends in (
            ([0] * 3, [cut[0] for cut in cuts]),
            ([cut[0] for cut in cuts], [cut[1] for cut in cuts]),
            ([cut[1] for cut in cuts], [len(track) for track in tracks]),
        )
    ]

    states, story = at_once(index, batches, tenant)

    expected = [
        plainly(
            index,
            track,
            [f for f in drawn if f.tenant_id == tenant and device_id in assigned.get(f.id, DEVICES)],
            device_id,
        )
        for device_id, track in zip(DEVICES, tracks, strict=True)
    ]
    assert states == [stays for stays, _ in expected]
    for device_id, (_, one) in zip(DEVICES, expected, strict=True):
        assert [each for each in story if each[0] == device_id] == one


def test_a_fence_that_is_watched_no_more_is_forgotten() -> None:
    stay = fence_states.Stay(phase=fence_states.Phase.IN, entered_at=fence_cases.NOON)
    rows = fix_rows.empty(1)

    judged = fence_judge.judge_states(
        fence_index.FenceIndex(),
        rows,
        np.array([0]),
        tenants=np.array([-1]),
        before=np.zeros(1, fence_judge.BEFORE_DTYPE),
        states=[{uuid.UUID(int=9): stay}],
    )

    assert judged.told == []
    assert judged.changed() == {0: {uuid.UUID(int=9): None}}
