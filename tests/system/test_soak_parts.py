"""The short forms of what `make soak` does to ingest: each server killed once under load, and a few thousand mutated messages."""

import pytest

from bench import crashes, fuzz, fuzz_wire


@pytest.mark.timeout(240)
def test_each_server_is_killed_under_load_and_everything_is_there_once() -> None:
    result = crashes.run(rounds=3, seed=1)

    assert result.held, result.words
    assert dict(result.kills) == {"ingest": 1, "PostgreSQL": 1, "Mosquitto": 1}
    assert result.alerts > 0


@pytest.mark.timeout(240)
def test_mutated_messages_are_written_or_rejected_and_good_ones_come_through() -> None:
    result = fuzz_wire.run(5_000, seed=1, mutate=fuzz.mutated)

    assert result.is_alive, result.words
    assert (result.sent, result.unheard) == (5_000, 0)
    assert result.rejects["unreadable"] + result.fixes >= 4_500
