import datetime as dt
from pathlib import Path

import pytest

from gateway import errors, health

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def test_what_no_gateway_has_written_is_no_report(tmp_path: Path) -> None:
    for content in ("", "{}", "[1]", '{"status": {"t": "yesterday", "online": true}}'):
        (tmp_path / health.FILE_NAME).write_text(content)
        with pytest.raises(errors.GatewayError, match="is not what a gateway of this version has written"):
            health.read(tmp_path, now=NOW)


def test_a_report_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / health.FILE_NAME).mkdir()

    with pytest.raises(errors.GatewayError, match=r"status\.json cannot be read: Is a directory"):
        health.read(tmp_path, now=NOW)


def test_without_a_report_no_gateway_runs(tmp_path: Path) -> None:
    with pytest.raises(errors.GatewayError, match="no gateway runs on"):
        health.read(tmp_path / "nothing", now=NOW)
