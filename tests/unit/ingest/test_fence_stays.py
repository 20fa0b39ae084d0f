import datetime as dt
import uuid

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain import fence_shapes, fence_states, fences, geo
from ingest import fence_index, fence_stays, iso_times

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WATCHED = [
    fences.Geofence(
        id=uuid.UUID(int=10 + number),
        tenant_id=uuid.UUID(int=1),
        name=f"f{number}",
        shape=fence_shapes.Circle(centre=geo.Position(60.0, 24.0 + number), radius_m=100.0),
        rules=fences.Rules(dwell_s=None if number else 60.0),
    )
    for number in range(3)
]
IN = fence_states.Stay(phase=fence_states.Phase.IN, entered_at=NOON)
ENTERING = fence_states.Stay(phase=fence_states.Phase.ENTERING, run=fence_states.Mark(time=NOON, lat=60.0, lon=24.0))

changes = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.dictionaries(
            st.sampled_from([fence.id for fence in WATCHED]), st.sampled_from([None, IN, ENTERING]), max_size=3
        ),
    ),
    max_size=12,
)


@given(changes, st.sets(st.integers(0, 5)))
def test_the_columns_hold_what_the_book_does(
    drawn: list[tuple[int, dict[uuid.UUID, fence_states.Stay | None]]], asked: set[int]
) -> None:
    index = fence_index.FenceIndex(WATCHED)
    book = fence_stays.StayBook(index)
    expected: dict[tuple[int, int], fence_states.Stay] = {}
    for slot, change in drawn:
        book.change([(slot, change)])
        for fence_id, stay in change.items():
            expected.pop((slot, index.number_of[fence_id]), None)
            if stay is not None:
                expected[slot, index.number_of[fence_id]] = stay

    slots = sorted(asked)
    kept = book.kept(np.array(slots, np.int32))

    places = {slot: place for place, slot in enumerate(slots)}
    own = sorted(
        ((places[slot] * 3 + number, stay) for (slot, number), stay in expected.items() if slot in places),
        key=lambda item: item[0],
    )
    assert kept.key.tolist() == [key for key, _ in own]
    assert kept.is_plain.tolist() == [stay is IN for _, stay in own]
    due_us = iso_times.unix_us(NOON) + 60_000_000
    assert kept.due_us.tolist() == [
        due_us if key % 3 == 0 and stay is IN else fence_index.NEVER_US for key, stay in own
    ]
    held = {
        (slot, index.number_of[fence_id]): stay for slot in book.slots() for fence_id, stay in book.of(slot).items()
    }
    assert held == expected
    assert {key: book.stay(*key) for key in expected} == expected
