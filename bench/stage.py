"""The servers that a measurement needs: the stack's own code, free ports, a folder that is gone afterwards.

PostgreSQL is durable here: a commit is on the disk before it counts.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import shapely

from bench import load
from db import access, devices, engine, migrate, roles
from stack import broker, broker_config, postgres, scratch

TENANT = "bench"
# 35 by 35 km: with 5,000 fences of some 150 m, every fourth fix lies in one.
AREA = load.Area(lat=60.05, lon=24.60, lat_extent=0.32, lon_extent=0.64)
FENCES, CORNERS, RADIUS_DEG = 5_000, 40, 0.00135
_START_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Running servers, populated."""

    folder: Path
    owner_dsn: str
    backend_dsn: str
    postgres: postgres.Postgres
    broker: broker.Broker
    passwords: dict[str, str]
    tenant_id: uuid.UUID

    @property
    def health_file(self) -> Path:
        """Where the ingest process tells how far it is."""
        return self.folder / "health.json"

    def vitals(self) -> dict[str, Any]:
        """What the ingest process says."""
        try:
            found: dict[str, Any] = json.loads(self.health_file.read_text())
        except FileNotFoundError:
            return {}
        return found

    def count_fixes(self) -> int:
        """Rows in the table of fixes."""
        with psycopg.connect(self.owner_dsn) as connection:
            row = connection.execute("SELECT count(*) FROM fix").fetchone()
        assert row is not None
        return int(row[0])

    @contextmanager
    def ingest(self, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run an ingest process while the block does; settings without their prefix."""
        env = {
            **os.environ,
            "INGEST_DATABASE_URL": self.backend_dsn,
            "INGEST_MQTT_URL": self.broker.url(broker_config.INGEST, self.passwords[broker_config.INGEST]),
            "INGEST_HEALTH_FILE": str(self.health_file),
            **{f"INGEST_{name.upper()}": value for name, value in settings.items()},
        }
        with (self.folder / "ingest.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "ingest", "run"], env=env, stdout=log, stderr=log)
        try:
            self._wait_until_at_work(process)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()

    def _wait_until_at_work(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_LIMIT_S
        while not (self.vitals().get("broker") == "connected" and self.vitals().get("shards") == 64):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"ingest does not start:\n{(self.folder / 'ingest.log').read_text()[-3_000:]}")
            time.sleep(0.1)


@contextmanager
def running(*, devices_count: int, fences: int = FENCES) -> Iterator[Stage]:
    """Start the servers, register devices and fences."""
    programs = scratch.programs()
    passwords = {name: secrets.token_urlsafe(12) for name in (broker_config.INGEST, broker_config.FLEET)}
    with (
        scratch.folder("bench") as folder,
        postgres.Postgres(programs=programs, folder=folder) as database,
        broker.Broker(programs=programs, folder=folder) as mosquitto,
    ):
        mosquitto.set_users(passwords)
        owner_dsn = database.create_database("bench")
        role_passwords = {role: secrets.token_urlsafe(12) for role in roles.LOGINS}
        with engine.connect(owner_dsn) as connection:
            migrate.upgrade(connection)
            access.set_passwords(connection, role_passwords)
        yield Stage(
            folder=folder,
            owner_dsn=owner_dsn,
            backend_dsn=database.dsn("bench", user=roles.BACKEND, password=role_passwords[roles.BACKEND]),
            postgres=database,
            broker=mosquitto,
            passwords=passwords,
            tenant_id=_populate(owner_dsn, devices_count, fences),
        )


def _populate(owner_dsn: str, devices_count: int, fences: int) -> uuid.UUID:
    with engine.connect(owner_dsn) as connection:
        devices.add_tenant(connection, TENANT, name="Bench", time_zone="UTC")
        tenant_id = devices.tenant_id(connection, TENANT)
        names = (load.device_name(number) for number in range(devices_count))
        devices.add(connection, tenant_id, [devices.NewDevice(name=name) for name in names])
        connection.commit()
    with psycopg.connect(owner_dsn) as direct, direct.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO geofence (tenant_id, id, name, geom) VALUES (%s, %s, %s, ST_GeomFromWKB(%s, 4326))",
            [(tenant_id, uuid.uuid4(), f"fence {n}", polygon.wkb) for n, polygon in enumerate(make_fences(fences))],
        )
    return tenant_id


def make_fences(count: int) -> list[shapely.Polygon]:
    """Stars of 40 corners, spread over the area."""
    place = np.random.default_rng(11)
    angle = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radius = RADIUS_DEG * (1 + 0.2 * np.sin(5 * angle))
    lat = place.uniform(AREA.lat, AREA.lat + AREA.lat_extent, count)
    lon = place.uniform(AREA.lon, AREA.lon + AREA.lon_extent, count)
    return [
        shapely.Polygon(np.c_[x + 2 * radius * np.cos(angle), y + radius * np.sin(angle)])
        for x, y in zip(lon.tolist(), lat.tolist(), strict=True)
    ]
