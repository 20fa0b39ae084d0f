"""The database's disk is full: ingest says so and waits, presses go on, and nothing is lost once there is room."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from domain.wire import topics
from stack import broker_config, scratch
from tests.device_sender import DeviceSender
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestFactory
from tests.integration.ingest.conftest import OwnServer
from tests.integration.ingest.test_crashes import message
from tests.integration.ingest.test_lanes import Wire, press, topic_of, wait_for, wire

__all__ = ["wire"]

pytestmark = pytest.mark.timeout(180)
_MIB = 1024 * 1024
_WORDS = "No space left on device"


@contextlib.contextmanager
def small_disk(own: OwnServer) -> Iterator[Path | None]:
    """A disk of 16 MiB on which new chunks of fixes are kept; None where nothing can be mounted."""
    with scratch.folder("disk") as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=False).returncode:
            yield None
            return
        try:
            place = folder / "space"
            place.mkdir()
            owner = Path(f"/proc/{own.server.process.pid}").stat()
            for path in (folder, place):
                path.chmod(0o755)
            subprocess.run(["chown", f"{owner.st_uid}:{owner.st_gid}", place], check=True)
            with psycopg.connect(own.acme.database.owner_dsn, autocommit=True) as connection:
                connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'".encode())
                connection.execute("GRANT CREATE ON TABLESPACE small TO PUBLIC")
                connection.execute("SELECT attach_tablespace('small', 'fix')")
            yield folder
        finally:
            own.server.stop()
            subprocess.run(["umount", folder], check=True)


def fill(own: OwnServer, disk: Path | None) -> None:
    if disk is None:
        with psycopg.connect(own.acme.database.owner_dsn) as connection:
            connection.execute(
                "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$BEGIN RAISE '{_WORDS}' USING ERRCODE = '53100'; END$$"
            )
            connection.execute("CREATE TRIGGER full_disk BEFORE INSERT ON fix FOR EACH ROW EXECUTE FUNCTION no_space()")
        return
    with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(bytes(_MIB))
    assert shutil.disk_usage(disk).free == 0


def free(own: OwnServer, disk: Path | None) -> None:
    if disk is not None:
        (disk / "ballast").unlink()
        return
    with psycopg.connect(own.acme.database.owner_dsn) as connection:
        connection.execute("DROP TRIGGER full_disk ON fix")


def test_fixes_wait_until_there_is_room_and_presses_do_not(
    own_server: OwnServer, broker: RunningBroker, make_ingest: IngestFactory, wire: Wire
) -> None:
    acme = own_server.acme
    with small_disk(own_server) as disk:
        process = make_ingest(INGEST_DATABASE_URL=acme.database.backend_dsn)
        process.start()
        process.wait_until_at_work()
        sender = DeviceSender(broker.url(broker_config.FLEET), tenant="acme", resend_after_s=float("inf"))
        try:
            for device in acme.devices:
                sender.send(device, message(0))
            sender.wait_until_acknowledged()
            fill(own_server, disk)
            for number in range(1, 400):
                for device in acme.devices:
                    sender.send(device, message(number))
            process.wait_until(lambda vitals: _WORDS in str(vitals.get("database")))
            wire.send(topic_of(topics.Lane.PANIC), press())
            wait_for(lambda: acme.select("SELECT id FROM alert"))
            assert sender.unacknowledged > 0

            free(own_server, disk)
            sender.wait_until_acknowledged()
        finally:
            sender.close()
        assert acme.stored() == sorted((device, seq) for device in acme.devices for seq in range(1_200))
        assert acme.select("SELECT count(*) FROM reject") == [(0,)]
        assert f"{_WORDS}" in process.log_file.read_text()
        assert "paused, everything in hand is kept" in process.log_file.read_text()
        process.stop()
