import logging
from pathlib import Path

import pytest

from gateway import known_rates


def test_a_rate_that_was_found_outlives_a_restart(tmp_path: Path) -> None:
    rates = known_rates.KnownRates(tmp_path / "rates.json")
    rates.found("gps", 115_200)
    rates.found("fobs", 4_800)
    rates.found("gps", 38_400)
    rates.save()

    again = known_rates.KnownRates(tmp_path / "rates.json")

    assert [again.of(port) for port in ("gps", "fobs", "other")] == [38_400, 4_800, None]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"gps": "fast", "fobs": 7, "a": null, "b": [9600], "c": 9600.5}', "\x00"]
)
def test_a_file_that_is_none_of_ours_costs_a_search(tmp_path: Path, content: str) -> None:
    (tmp_path / "rates.json").write_text(content)

    rates = known_rates.KnownRates(tmp_path / "rates.json")

    assert [rates.of(port) for port in ("gps", "fobs", "a", "b", "c")] == [None] * 5


def test_a_disk_that_cannot_keep_them_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rates = known_rates.KnownRates(tmp_path / "none" / "rates.json")
    rates.found("gps", 115_200)
    with caplog.at_level(logging.WARNING):
        rates.save()
        rates.save()

    assert caplog.messages == [
        f"the rates that were found cannot be kept: {tmp_path / 'none' / 'rates.json'}: No such file or directory"
    ]
    assert rates.of("gps") == 115_200
