"""A button is pressed on a serial line, and the dispatchers' database knows."""

import psycopg
import pytest

from tests.fixtures.database import Database
from tests.fixtures.ingest import IngestProcess
from tests.integration.gateway import ends
from tests.system.conftest import VAN, Rows

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def running(rows: Rows, ingest: IngestProcess, box: ends.Box, line: ends.Line) -> ends.Box:
    """The whole path, and one fix that has come through it."""
    box.start()
    box.says("is open at")
    box.says("connected to the broker")
    line.second("120000.00")
    line.second("120001.00")
    ends.eventually(lambda: rows.count("fix") >= 1, "a fix is a row")
    return box


def test_a_press_on_a_serial_line_is_an_alert_with_its_person_and_place(
    running: ends.Box, line: ends.Line, rows: Rows
) -> None:
    line.say(f"PDOP,PRESS,{VAN.fob},7,88,-61")

    ends.eventually(lambda: rows.count("alert") == 1, "the press is an alert")
    (state, priority, text, device, fob, count, lat, lon, source) = rows.select(
        "SELECT state, priority, text, device_name, fob, press_count, location_lat, location_lon, location_source FROM alert"
    )[0]
    (person,) = rows.select(
        "SELECT p.first_name || ' ' || p.last_name FROM alert a JOIN person p ON p.tenant_id = a.tenant_id AND p.id = a.person_id"
    )[0]
    assert (state, priority, device, fob, count, source) == ("open", 4, "van-01", VAN.fob, 1, "press")
    assert text == f"Panic button activated by {person}"
    assert (lat, lon) == (pytest.approx(48 + 51.5 / 60), pytest.approx(2 + 17.1 / 60))
    ends.eventually(lambda: f"PDOP,ACK,{VAN.fob},7,RECEIVED" in line.told(), "the fob is told that it is kept")


def test_a_press_during_an_outage_is_an_alert_when_it_ends(
    running: ends.Box, line: ends.Line, rows: Rows, ingest: IngestProcess
) -> None:
    ingest.kill()
    line.say(f"PDOP,PRESS,{VAN.fob},8,88,-61")
    ends.eventually(lambda: f"PDOP,ACK,{VAN.fob},8,RECEIVED" in line.told(), "the fob is told that it is kept")
    running.kill()

    running.start()
    ingest.start()
    ingest.wait_until_at_work()

    ends.eventually(lambda: rows.count("alert") == 1, "the press is an alert", limit_s=60)
    assert rows.count("press") == 1


def test_another_company_sees_nothing_of_it(running: ends.Box, line: ends.Line, rows: Rows, seeded: Database) -> None:
    line.say(f"PDOP,PRESS,{VAN.fob},7,88,-61")
    ends.eventually(lambda: rows.count("alert") == 1, "the press is an alert")

    seen = {}
    with psycopg.connect(seeded.web_dsn) as web:
        for slug, tenant_id in rows.select("SELECT slug, id::text FROM tenant"):
            with web.transaction():
                web.execute("SELECT set_config('app.tenant_id', %s, true)", [tenant_id])
                (seen[slug],) = web.execute("SELECT count(*) FROM alert").fetchone() or (None,)

    assert seen == {"demo": 1, "kaleva": 0}
