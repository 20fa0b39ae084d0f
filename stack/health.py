"""Whether the services of a running stack do their work now, asked of themselves."""

import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from stack import broker, postgres, processes, state, watch

INGEST = "ingest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One service, and what is wrong with it; empty: nothing."""

    service: state.Service
    trouble: str


def look(stack: state.State) -> list[Finding]:
    """Ask every service."""
    supervised = stack.supervisor.is_alive()
    return [
        Finding(service=service, trouble=_trouble(stack, service) if supervised else "its supervisor was killed")
        for service in stack.services
    ]


def _trouble(stack: state.State, service: state.Service) -> str:
    if service.phase == watch.Phase.DONE:
        return ""
    if service.phase != watch.Phase.RUNNING or service.pid is None or processes.of(service.pid) is None:
        return service.phase if service.phase != watch.Phase.RUNNING else "just ended"
    if service.name == postgres.NAME and not _takes_queries(stack.addresses.database_url):
        return "doesn't answer"
    if service.name == broker.NAME and not broker.answers(stack.addresses.broker_port):
        return "doesn't answer"
    if service.name == INGEST:
        return trouble_of_ingest(vitals_file(Path(stack.data_dir)), service.pid)
    return ""


def vitals_file(folder: Path) -> Path:
    """Return where a stack's ingest writes how it is."""
    return folder / "ingest-health.json"


def trouble_of_ingest(vitals: Path, pid: int) -> str:
    """Return why an ingest process isn't at work; empty if it is."""
    # Its module draws in numpy and more, which `down` should not have to wait for.
    from ingest import errors as ingest_errors  # noqa: PLC0415
    from ingest import health as ingest_health  # noqa: PLC0415

    try:
        record = ingest_health.read(vitals, time.time())
    except ingest_errors.IngestError as error:
        return str(error)
    return "" if record["pid"] == pid else "its vitals are of an earlier process"


def _takes_queries(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
