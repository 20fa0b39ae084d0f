import datetime as dt

import pytest

from api import guesses

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
HOME = "192.0.2.1"


def guess(known: guesses.Guesses, times: int, address: str = HOME) -> None:
    for _ in range(times):
        known.begin(address, NOW)


def test_waits_grow_to_a_limit_and_are_forgotten() -> None:
    known, now, waits_s = guesses.Guesses(), NOW, list[int]()
    guess(known, guesses.FREE + 1)
    for _ in range(14):
        with pytest.raises(guesses.TooManyGuessesError) as held:
            known.begin(HOME, now)
        waits_s.append(held.value.wait_s)
        now += dt.timedelta(seconds=held.value.wait_s)
        known.begin(HOME, now)

    assert waits_s == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]
    now += guesses.FORGOTTEN_AFTER
    for _ in range(guesses.FREE):
        known.begin(HOME, now)


def test_a_right_password_does_not_count() -> None:
    known = guesses.Guesses()
    for _ in range(3 * guesses.FREE):
        known.begin(HOME, NOW)
        known.take_back(HOME)


def test_addresses_count_apart_and_a_network_of_ipv6_together() -> None:
    known = guesses.Guesses()
    guess(known, guesses.FREE + 1)
    guess(known, 1, "192.0.2.2")
    for number in range(guesses.FREE + 1):
        known.begin(f"2001:db8:1:2::{number:x}", NOW)

    known.begin("2001:db8:1:3::1", NOW)
    with pytest.raises(guesses.TooManyGuessesError):
        known.begin("2001:db8:1:2::ffff", NOW)


def test_the_address_that_was_quiet_for_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "_MOST_ADDRESSES", 2)
    known = guesses.Guesses()
    guess(known, guesses.FREE + 1)
    guess(known, 1, "192.0.2.2")
    with pytest.raises(guesses.TooManyGuessesError):
        known.begin(HOME, NOW)
    guess(known, 1, "192.0.2.3")
    with pytest.raises(guesses.TooManyGuessesError):
        known.begin(HOME, NOW)
    guess(known, 1, "192.0.2.4")
    guess(known, 1, "192.0.2.5")

    guess(known, 1)


def test_a_day_of_an_office_that_mistypes_now_and_then_is_never_refused() -> None:
    known = guesses.Guesses()
    for number in range(8 * 60):  # one a minute
        now = NOW + dt.timedelta(minutes=number)
        known.begin(HOME, now)
        if number % 10:
            known.take_back(HOME)


def test_a_right_password_renews_no_wait() -> None:
    known, later = guesses.Guesses(), NOW + dt.timedelta(seconds=1)
    guess(known, guesses.FREE + 1)
    known.begin(HOME, later)
    known.take_back(HOME)
    known.begin(HOME, later)
    with pytest.raises(guesses.TooManyGuessesError) as held:
        known.begin(HOME, later)
    assert held.value.wait_s == 2


def test_who_guesses_on_is_let_in_a_few_times_an_hour() -> None:
    known, made = guesses.Guesses(), 0
    for second in range(24 * 3600):
        try:
            known.begin(HOME, NOW + dt.timedelta(seconds=second))
        except guesses.TooManyGuessesError:
            continue
        made += 1
    assert made < guesses.FREE + 12 + 24 * 4


def test_an_ipv4_address_within_ipv6_counts_as_itself() -> None:
    known = guesses.Guesses()
    guess(known, guesses.FREE + 1, f"::ffff:{HOME}")
    known.begin("::ffff:192.0.2.2", NOW)
    with pytest.raises(guesses.TooManyGuessesError):
        known.begin(HOME, NOW)
