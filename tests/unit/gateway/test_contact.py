import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.telemetry import PressKind
from gateway import contact

STEP_MS = 10


def played(*pieces: tuple[bool, int], cancel_s: float = 10.0) -> list[tuple[int, PressKind]]:
    """What a button tells that is read each 10 ms: (level, milliseconds) pieces, after one released look."""
    button = contact.Contact(cancel_s=cancel_s)
    told, at_ms = [], -1_000
    for is_active, lasts_ms in ((False, 1_000), *pieces):
        for _ in range(lasts_ms // STEP_MS):
            told += [(at_ms, kind) for kind in button.sample(is_active=is_active, mono_s=at_ms / 1_000)]
            at_ms += STEP_MS
    return told


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([(True, 100), (False, 1_000)], [(0, "press")]),
        ([(True, 10), (False, 10), (True, 10), (False, 20), (True, 100), (False, 1_000)], [(0, "press")]),
        ([(True, 3_000), (False, 1_000)], [(0, "press"), (2_000, "long")]),
        ([(True, 1_900), (False, 1_000)], [(0, "press")]),
        ([(True, 100), (False, 300), (True, 100), (False, 1_000)], [(0, "press"), (400, "double")]),
        ([(True, 100), (False, 900), (True, 100), (False, 1_000)], [(0, "press"), (1_000, "press")]),
        ([(True, 100), (False, 4_900), (True, 2_500)], [(0, "press"), (5_000, "press"), (7_000, "cancel")]),
        ([(True, 100), (False, 10_900), (True, 2_500)], [(0, "press"), (11_000, "press"), (13_000, "long")]),
        ([(True, 100), (False, 300), (True, 2_500)], [(0, "press"), (400, "double"), (2_400, "long")]),
        ([(True, 60_000), (False, 100)], [(0, "press"), (2_000, "long")]),
    ],
)
def test_a_press_goes_out_at_its_first_edge_and_what_it_becomes_after_it(
    pieces: list[tuple[bool, int]], told: list[tuple[int, str]]
) -> None:
    assert played(*pieces) == told


def test_a_button_that_may_not_cancel_tells_a_long_press() -> None:
    kinds = [kind for _, kind in played((True, 100), (False, 4_900), (True, 2_500), cancel_s=0.0)]

    assert kinds == [PressKind.PRESS, PressKind.PRESS, PressKind.LONG]


def test_a_line_that_is_held_from_the_start_is_no_press_but_stuck_until_it_is_free() -> None:
    button = contact.Contact(cancel_s=10.0)

    told = [button.sample(is_active=True, mono_s=at_s) for at_s in (0.0, 10.0, 40.0)]
    stuck = button.state
    told += [
        button.sample(is_active=level, mono_s=at_s) for level, at_s in ((False, 41.0), (False, 41.1), (True, 50.0))
    ]

    assert stuck is contact.State.STUCK
    assert told == [[], [], [], [], [], [PressKind.PRESS]]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 400).map(lambda ms: ms * 10)), max_size=12))
def test_every_press_after_a_stable_release_is_told_at_its_edge_and_a_cancel_only_after_one(
    pieces: list[tuple[bool, int]],
) -> None:
    told = played(*pieces)

    edges, at_ms, released_ms = [], 0, 1_000
    for is_active, lasts_ms in pieces:
        if is_active:
            if released_ms >= contact.DEBOUNCE_S * 1_000 + 2 * STEP_MS:  # surely stable, whatever the rounding
                edges.append(at_ms)
            released_ms = 0
        else:
            released_ms += lasts_ms
        at_ms += lasts_ms
    kinds = dict.fromkeys(at for at, kind in told if kind in (PressKind.PRESS, PressKind.DOUBLE))
    assert set(edges) <= set(kinds)
    for number, (_, kind) in enumerate(told):
        assert kind is not PressKind.CANCEL or number >= 2


def test_the_table_answers_every_event_that_its_states_can_meet() -> None:
    waiting = set(contact.State) - {
        contact.State.PRESSED,
        contact.State.PRESSED_AGAIN,
        contact.State.HELD,
        contact.State.STUCK,
    }
    down = set(contact.State) - waiting

    assert all((state, contact.Event.DOWN) in contact.STEPS for state in waiting)
    assert all((state, contact.Event.UP) in contact.STEPS for state in down)
