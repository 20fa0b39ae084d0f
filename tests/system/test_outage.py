"""The short form of `python -m bench.outage`: an hour without a network in fast time, with presses and kill -9."""

import pytest

from bench import outage


@pytest.mark.timeout(120)
def test_every_press_arrives_once_and_first_and_every_kept_fix_once_after_an_outage_full_of_kills() -> None:
    result = outage.run(outage.Plan(hours=1.0, presses=6, kill_every_min=7.5))

    assert result.held, result.words
    assert (result.told, result.stored_fixes) == (6, result.kept_fixes)
    assert result.kills >= 8
