"""`python -m db quality …` as an administrator runs it."""

import pytest

from db import engine
from tests.fixtures.database import Database
from tests.integration.db.command_line import Run

ACME = ("--tenant", "acme")


@pytest.fixture
def dsn(run: Run, database: Database) -> str:
    """A database with one tenant and one device."""
    assert run(database.owner_dsn, "tenant", "add", "acme", "--name", "Acme").code == 0
    assert run(database.owner_dsn, "device", "add", "van-01", *ACME).code == 0
    return database.owner_dsn


def test_thresholds_are_set_shown_and_taken_back(run: Run, dsn: str) -> None:
    before = run(dsn, "quality", "show", *ACME).out
    assert "tracker\tmax_speed_mps 70\tmax_hdop 10" in before

    told = run(dsn, "quality", "set", *ACME, "--kind", "tracker", "max_speed_mps=55", "floor=2020-02-01")

    assert told.code == 0, told.err
    shown = run(dsn, "quality", "show", *ACME).out
    assert "max_speed_mps 55*" in shown
    assert "floor 2020-02-01*" in shown
    assert (
        run(
            dsn, "quality", "set", *ACME, "--kind", "tracker", "max_hdop=5", "max_speed_mps=default", "floor=default"
        ).code
        == 0
    )
    assert run(dsn, "quality", "show", *ACME).out == before.replace(
        "tracker\tmax_speed_mps 70\tmax_hdop 10\t", "tracker\tmax_speed_mps 70\tmax_hdop 5*\t"
    )


@pytest.mark.parametrize(
    "bad",
    [
        ("--kind", "boat", "max_hdop=5"),
        ("--kind", "tracker", "max_hdop=0"),
        ("--kind", "tracker", "max_hdop=nan"),
        ("--kind", "tracker", "max_hdop=inf"),
        ("--kind", "tracker", "max_hdop=low"),
        ("--kind", "tracker", "least_hdop=1"),
        ("--kind", "tracker", "floor=yesterday"),
    ],
)
def test_what_can_not_be_meant_is_refused(run: Run, dsn: str, bad: tuple[str, ...]) -> None:
    assert run(dsn, "quality", "set", *ACME, *bad).code == 1


def test_flagged_fixes_and_odd_receipts_are_listed(run: Run, dsn: str) -> None:
    with engine.connect(dsn) as connection:
        connection.exec_driver_sql(
            "INSERT INTO fix (device_id, time, lat, lon, seq, received_at, fix_mode, quality, late)"
            " SELECT id, now() - n * interval '1 h', 60, 25, n, '2026-03-01Z', 3, (ARRAY[0, 17, 32])[n], true FROM device,"
            " generate_series(1, 3) AS n"
        )
        connection.exec_driver_sql(
            "INSERT INTO receipt_daily (device_id, day, duplicates, late) SELECT id, current_date, 3, 2 FROM device"
        )
        connection.commit()

    [line] = run(dsn, "quality", "flagged", *ACME, "--device", "van-01").out.splitlines()

    assert line.endswith("60.000000\t25.000000\tinaccurate jump\treceived 2026-03-01T00:00:00+00:00 late")
    assert run(dsn, "quality", "receipts", *ACME).out == "van-01\tduplicates 3\tout_of_order 0\tlate 2\tfuture 0\n"
    assert run(dsn, "quality", "flagged", *ACME, "--device", "van-02").code == 1
