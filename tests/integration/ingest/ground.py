"""A database with a worker on it, and devices whose derived rows are compared."""

import datetime as dt
import itertools
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import psycopg.sql
import shapely

from domain.wire import topics
from ingest import shards, worker
from tests.fixtures.database import Database

START = dt.datetime(2026, 3, 1, 10, 50, tzinfo=dt.UTC)
RECEIVED_US = 1_800_000_000_000_000
_numbers = itertools.count()


class Ground:
    """A database with a tenant and fences, a worker on it, and new devices for each try."""

    def __init__(
        self,
        database: Database,
        fences: Sequence[shapely.Polygon] = (),
        *,
        terms: Sequence[Mapping[str, Any]] = (),
        zone: str = "UTC",
    ) -> None:
        """`terms` are what else the columns of the first fences say."""
        self.connection = psycopg.connect(database.owner_dsn, autocommit=True)
        self.tenant_id = uuid.uuid4()
        self.connection.execute(
            "INSERT INTO tenant (id, slug, name, time_zone) VALUES (%s, 'acme', 'Acme', %s)", [self.tenant_id, zone]
        )
        for number, outline in enumerate(fences):
            more = terms[number] if number < len(terms) else {}
            row = {"tenant_id": self.tenant_id, "id": uuid.uuid4(), "name": f"fence {number}", **more}
            row["geom"] = shapely.to_wkb(shapely.set_srid(outline, 4326), include_srid=True)
            statement = psycopg.sql.SQL("INSERT INTO geofence ({}) VALUES ({})").format(
                psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, row)),
                psycopg.sql.SQL(", ").join(psycopg.sql.Placeholder() * len(row)),
            )
            self.connection.execute(statement, list(row.values()))
        self.worker = worker.Worker(database.backend_dsn)
        self.worker.connect()
        self.worker.take_leases(shards.ALL)

    def new_device(self) -> tuple[int, bytes]:
        """Id and topic of a device that has sent nothing."""
        name = f"van-{next(_numbers)}"
        row = self.connection.execute(
            "INSERT INTO device (tenant_id, uid, name) VALUES (%s, gen_random_uuid(), %s) RETURNING id",
            [self.tenant_id, name],
        ).fetchone()
        assert row is not None
        return row[0], topics.device_topic("acme", name, topics.Lane.FIXES).encode()

    def send(
        self,
        topic: bytes,
        batches: Sequence[Sequence[Sequence[dict[str, Any]]]],
        *,
        received_us: int = RECEIVED_US,
        forgets: bool = False,
    ) -> None:
        """Commit batches of messages of fixes; a worker that forgets has just been started each time."""
        for number, batch in enumerate(batches):
            if forgets:
                self.worker.state.devices.forget_newest()
            payloads = [json.dumps(message).encode() for message in batch]
            made = self.worker.prepare([topic] * len(payloads), payloads, received_us + number)
            self.worker.commit(made)

    def select(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask the database."""
        return self.connection.execute(query.encode(), parameters).fetchall()

    def rows(self, device_id: int) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that follows from a device's fixes, without who it is and the facts of receipt."""
        return {
            name: self.connection.execute(query, [device_id]).fetchall()
            for name, query in {
                "fix": "SELECT time, lat, lon, seq, alt_m, speed_mps, course_deg, hdop, accuracy_m, distance_m, quality,"
                " satellites, fix_mode, moving, odometer_m FROM fix WHERE device_id = %s ORDER BY time",
                "device_latest": "SELECT time, lat, lon, seq, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality,"
                " satellites, fix_mode, moving, odometer_m FROM device_latest WHERE device_id = %s",
                "activity_hourly": "SELECT hour, fixes, distance_m, moving_s, idle_s, max_speed_mps FROM activity_hourly"
                " WHERE device_id = %s ORDER BY hour",
                "track_checkpoint": "SELECT hour, state FROM track_checkpoint WHERE device_id = %s ORDER BY hour",
                "track_state": "SELECT newest, state FROM track_state WHERE device_id = %s"
                " AND (newest IS NOT NULL OR state <> '{}')",
                "geofence_event": "SELECT geofence_id, time, kind, lat, lon, reason, decided_at, speed_mps FROM geofence_event WHERE device_id = %s"
                " ORDER BY time, geofence_id, kind",
                "visit": "SELECT geofence_id, entered_at, dwelled_at, exited_at, enter_reason, exit_reason FROM visit"
                " WHERE device_id = %s ORDER BY entered_at, geofence_id",
                "geofence_presence": "SELECT geofence_id, entered_at, phase, state FROM geofence_presence WHERE device_id = %s"
                " ORDER BY geofence_id",
            }.items()
        }

    def close(self) -> None:
        self.worker.close()
        self.connection.close()


def fix(seq: int, second: float, lat: float = 60.002, lon: float = 24.002, **more: Any) -> dict[str, Any]:
    time = START + dt.timedelta(seconds=second)
    text = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"t": text, "lat": lat, "lon": lon, "fix": 3, "seq": seq, **more}
