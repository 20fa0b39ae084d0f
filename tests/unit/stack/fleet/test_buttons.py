from domain import telemetry
from stack.fleet import buttons


def test_presses_come_as_often_as_asked() -> None:
    pressed = buttons.Buttons(units=50, presses_per_hour=60.0, seed=1)

    count = sum(pressed.pressed(tick, 1.0) is not None for tick in range(36_000))

    assert 500 < count < 700


def test_all_units_and_kinds_have_their_turn() -> None:
    pressed = buttons.Buttons(units=5, presses_per_hour=3600.0, seed=1)
    drawn = [found for tick in range(500) if (found := pressed.pressed(tick, 1.0))]

    assert {found.place for found in drawn} == set(range(5))
    assert telemetry.PressKind.PRESS in {found.kind for found in drawn}
    assert len({found.kind for found in drawn}) > 3


def test_nobody_presses_where_none_is_asked_for() -> None:
    pressed = buttons.Buttons(units=5, presses_per_hour=0.0, seed=1)

    assert not any(pressed.pressed(tick, 1.0) for tick in range(1000))


def test_the_same_seed_presses_at_the_same_ticks() -> None:
    first, second = (buttons.Buttons(units=9, presses_per_hour=600.0, seed=3) for _ in range(2))

    assert [first.pressed(tick, 1.0) for tick in range(500)] == [second.pressed(tick, 1.0) for tick in range(500)]
