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
