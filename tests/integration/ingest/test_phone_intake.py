"""Many messages in one transaction, and one among them that the database refuses."""

import datetime as dt

import psycopg

from domain import geo, telemetry
from ingest.senders import intake, reports
from tests.integration.ingest.conftest import Acme

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
FIX = telemetry.Fix(time=NOW, position=geo.Position(60, 24))


def delivery(device: str, report: reports.Report) -> intake.Delivery:
    return intake.Delivery(
        sender=("acme", device), topic=f"owntracks/acme/{device}", payload=b"{}", received_at=NOW, report=report
    )


def test_a_message_that_the_database_refuses_takes_no_other_with_it(acme: Acme) -> None:
    good = reports.Report(fixes=(FIX,))
    poison = reports.Report(
        claims=(reports.Claim(time=NOW, kind="levitates", place="Depot"),)  # type: ignore[arg-type]
    )
    parts = [delivery("van-000", good), delivery("van-001", poison), delivery("van-002", good)]

    with psycopg.connect(acme.database.backend_dsn, autocommit=True) as connection:
        fates = intake.take(connection, parts)

    assert fates == [intake.Fate.TAKEN, intake.Fate.REFUSED, intake.Fate.TAKEN]
    assert len(acme.select("SELECT FROM sender_queue")) == 2
    [(topic, reason)] = acme.select("SELECT topic, reason FROM reject")
    assert topic == "owntracks/acme/van-001"
    assert "sender_event" in reason


def test_a_long_history_is_cut_into_messages_of_the_contract(acme: Acme) -> None:
    fixes = tuple(
        telemetry.Fix(time=NOW + dt.timedelta(seconds=second), position=geo.Position(60, 24)) for second in range(1_200)
    )

    with psycopg.connect(acme.database.backend_dsn, autocommit=True) as connection:
        intake.take(connection, [delivery("van-000", reports.Report(fixes=fixes))])

    assert len(acme.select("SELECT FROM sender_queue")) == 3


def test_a_word_that_comes_late_does_not_hide_what_is_known(acme: Acme) -> None:
    def contact(second: int, *, online: bool, battery_pct: float | None) -> intake.Delivery:
        at = NOW + dt.timedelta(seconds=second)
        word = reports.Contact(time=NOW, online=online, battery_pct=battery_pct)
        return intake.Delivery(
            sender=("acme", "van-000"), topic="t", payload=b"", received_at=at, report=reports.Report(contact=word)
        )

    with psycopg.connect(acme.database.backend_dsn, autocommit=True) as connection:
        intake.take(connection, [contact(0, online=True, battery_pct=50), contact(2, online=False, battery_pct=None)])
        intake.take(connection, [contact(1, online=True, battery_pct=40)])

    assert acme.select("SELECT online, battery_pct FROM device_status") == [(False, 50)]


def test_of_many_words_in_one_batch_the_last_stands_with_the_last_known_battery(acme: Acme) -> None:
    def contact(device: str, *, online: bool, battery_pct: float | None) -> intake.Delivery:
        word = reports.Contact(time=NOW, online=online, battery_pct=battery_pct)
        return delivery(device, reports.Report(contact=word))

    with psycopg.connect(acme.database.backend_dsn, autocommit=True) as connection:
        intake.take(
            connection,
            [
                contact("van-000", online=True, battery_pct=50),
                contact("van-000", online=True, battery_pct=49),
                contact("van-001", online=True, battery_pct=10),
                contact("van-000", online=False, battery_pct=None),
                contact("van-002", online=True, battery_pct=None),
            ],
        )

    rows = acme.select(
        "SELECT d.name, online, battery_pct FROM device_status JOIN device d ON d.id = device_id ORDER BY 1"
    )
    assert rows == [("van-000", False, 49), ("van-001", True, 10), ("van-002", True, None)]


def test_a_tenant_with_duty_only_tracking_keeps_no_claims(acme: Acme) -> None:
    claim = reports.Claim(time=NOW, kind=reports.ClaimKind.ENTERED, place="Home", position=geo.Position(60, 24))
    with psycopg.connect(acme.database.owner_dsn, autocommit=True) as connection:
        for duty_only in (True, False):
            connection.execute("UPDATE tenant SET duty_only = %s", [duty_only])
            intake.take(connection, [delivery("van-000", reports.Report(claims=(claim,)))])
            kept = connection.execute("SELECT count(*) FROM sender_event").fetchone()
            assert kept == (0 if duty_only else 1,)
