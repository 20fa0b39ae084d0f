import datetime as dt
import itertools
import random
from collections.abc import Iterable

import pytest

from domain import geo, telemetry
from gateway import epoch_choice, selection

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
PLACES = {"a": geo.Position(1.0, 1.0), "b": geo.Position(2.0, 2.0), "c": geo.Position(3.0, 3.0)}
TWO_D, THREE_D = telemetry.FixMode
Offer = tuple[str, telemetry.Fix, float]
NAMES = {place: name for name, place in PLACES.items()}


def offer(
    name: str, second: float, at_s: float, *, mode: telemetry.FixMode = THREE_D, hdop: float | None = 1.0
) -> Offer:
    time = NOW + dt.timedelta(seconds=second)
    return name, telemetry.Fix(time=time, position=PLACES[name], mode=mode, hdop=hdop), at_s


def used(offers: Iterable[Offer], choice: selection.Selection | None = None) -> list[tuple[str, float]]:
    """Whose fixes were told, and of which second."""
    choice = choice or selection.Selection()
    told = [each for name, fix, mono_s in offers for each in choice.offer(name, fix, mono_s=mono_s)]
    return [(NAMES[fix.position], (fix.time - NOW).total_seconds()) for fix in told]


def test_of_two_that_are_as_good_the_first_leads_and_each_instant_is_told_once() -> None:
    offers = [offer("a", 1, 1.0), offer("b", 1, 1.1), offer("a", 2, 2.0), offer("b", 2, 2.1), offer("a", 3, 3.0)]

    assert used([*offers, offer("b", 3, 3.1)]) == [("a", 1.0), ("a", 2.0), ("a", 3.0)]


def test_the_better_fix_of_each_epoch_is_told_whichever_came_first() -> None:
    offers = [offer("a", 1, 1.0), offer("b", 1, 1.1)]
    offers += [offer("a", 2, 2.0, hdop=3.0), offer("b", 2, 2.1)]
    offers += [offer("b", 3, 3.0), offer("a", 3, 3.1, mode=TWO_D)]
    offers += [offer("a", 4, 4.0), offer("b", 4, 4.1, hdop=3.0)]
    offers += [offer("a", 5, 5.0, hdop=None), offer("b", 5, 5.1)]

    assert used(offers) == [("a", 1.0), ("b", 2.0), ("b", 3.0), ("a", 4.0), ("b", 5.0)]


def test_a_satellites_rise_is_no_reason_to_hop_to_the_other_antenna() -> None:
    offers = [each for s in range(1, 9) for each in (offer("a", s, s, hdop=1.1), offer("b", s, s + 0.1, hdop=1.0))]

    assert {name for name, _ in used(offers)} == {"a"}


def test_stamps_a_few_milliseconds_apart_are_one_epoch() -> None:
    offers = [each for s in range(1, 5) for each in (offer("a", s, s, hdop=3.0), offer("b", s + 0.004, s + 0.1))]

    assert used(offers) == [("a", 1.0), ("b", 2.004), ("b", 3.004), ("b", 4.004)]


def test_ten_hertz_epochs_stay_apart() -> None:
    offers = [each for n in range(10) for each in (offer("a", n / 10, n / 10), offer("b", n / 10, n / 10 + 0.03))]

    assert used(offers) == [("a", n / 10) for n in range(10)]


def test_where_the_lead_misses_an_epoch_the_other_fills_in() -> None:
    choice = selection.Selection()
    offers = [offer("a", 1, 1.0), offer("b", 1, 1.1), offer("b", 2, 2.1)]

    assert used(offers, choice) == [("a", 1.0)]
    assert used([offer("a", 3, 3.0), offer("b", 3, 3.1)], choice) == [("b", 2.0), ("a", 3.0)]
    assert choice.lead == "a"


def test_a_receiver_of_another_phase_does_not_zigzag_beside_the_lead_and_makes_nobody_wait() -> None:
    offers = [each for s in range(1, 6) for each in (offer("a", s, s), offer("b", s + 0.5, s + 0.5))]

    assert used(offers) == [("a", float(s)) for s in range(1, 6)]


def test_a_slow_lead_sets_the_beat_for_a_fast_one() -> None:
    offers = [offer("b", n / 10, n / 10) if n % 10 else offer("a", n / 10, n / 10) for n in range(10, 40)]

    assert used(offers) == [("a", 1.0), ("a", 2.0), ("a", 3.0)]


def test_an_epoch_waits_for_the_other_no_longer_than_it_must() -> None:
    choice = selection.Selection()
    used([offer("a", 1, 1.0), offer("b", 1, 1.1)], choice)

    assert used([offer("a", 2, 2.0)], choice) == []
    assert choice.due(mono_s=2.0 + epoch_choice.WAIT_S - 0.01) == []
    assert [fix.time.second for fix in choice.due(mono_s=2.01 + epoch_choice.WAIT_S)] == [2]
    assert used([offer("b", 2, 2.4)], choice) == []


def test_another_leads_when_the_lead_is_silent_and_no_instant_is_repeated(caplog: pytest.LogCaptureFixture) -> None:
    choice = selection.Selection()
    offers = [offer("a", 1, 1.0), offer("b", 1, 3.6), offer("b", 2, 3.7), offer("b", 3, 4.7)]

    assert used(offers, choice) == [("a", 1.0), ("b", 2.0), ("b", 3.0)]
    assert [choice.role(name, mono_s=4.8) for name in "abc"] == [selection.Role.NO_FIX, selection.Role.LEAD, None]
    assert "receiver b leads: a has had no fix for 2.6 s" in caplog.text

    assert used([offer("a", 4, 5.6), offer("b", 4, 5.7)], choice) == [("b", 4.0)]
    assert choice.role("a", mono_s=5.8) is selection.Role.BACKUP


def test_a_clearly_better_receiver_leads_after_some_fixes() -> None:
    choice = selection.Selection()
    for second in range(1, 6):
        used([offer("a", second, second, mode=TWO_D)], choice)
        assert choice.lead == "a"
        used([offer("b", second, second + 0.1)], choice)

    assert choice.lead == "b"


def test_a_receiver_that_is_better_only_now_and_then_does_not_lead() -> None:
    choice = selection.Selection()
    for s in range(1, 40):
        used([offer("a", s, s), offer("b", s, s + 0.1, hdop=1.0 if s % 3 else 0.4)], choice)

    assert choice.lead == "a"


def test_a_receiver_with_a_wrong_date_is_left_out_until_it_is_the_only_one() -> None:
    choice = selection.Selection()
    years = 600_000_000
    offers = [each for s in range(1, 5) for each in (offer("a", s, s), offer("b", years + s, s + 0.1))]

    assert used(offers, choice) == [("a", float(s)) for s in range(1, 5)]
    assert used([offer("b", years + 7, 7.1)], choice) == [("b", years + 7.0)]
    assert used([offer("a", 12, 12.0)], choice) == [("a", 12.0)]


def test_a_receiver_whose_clock_is_set_back_goes_on() -> None:
    offers = [offer("a", 100, 1.0), offer("a", 98, 2.0), offer("a", 99, 3.0), offer("a", 20, 4.0)]

    assert used(offers) == [("a", 100.0), ("a", 98.0), ("a", 99.0), ("a", 20.0)]


def test_a_press_gets_the_newest_good_fix_even_while_its_epoch_waits() -> None:
    choice = selection.Selection()
    used([offer("a", 1, 1.0), offer("b", 1, 1.1), offer("a", 2, 2.0)], choice)

    assert choice.last is not None
    assert (choice.last.fix.time - NOW).total_seconds() == 2.0


def test_whatever_comes_no_epoch_is_told_twice_and_none_out_of_order() -> None:
    dice = random.Random(4)
    for _ in range(200):
        choice, told = selection.Selection(), []
        at_s = 0.0
        for second in range(40):
            names = dice.sample("abc", dice.randint(0, 3))
            for name in names:
                at_s = max(at_s, second + dice.random() * 0.9)
                told += used([offer(name, second, at_s, hdop=dice.choice([0.5, 1.0, 3.0, None]))], choice)
        seconds = [second for _, second in told]
        assert all(earlier < later for earlier, later in itertools.pairwise(seconds)), told
