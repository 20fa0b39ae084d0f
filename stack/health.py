"""Whether the services of a running stack do their work now, asked of themselves."""

import http
import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from stack import broker, postgres, processes, state, watch

INGEST, WEB = "ingest", "web"
HEALTH_PATH, _HEALTH_LIMIT_S = "/api/v1/health", 3.0


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
    check = _CHECKS.get(service.name)
    return check(stack, service.pid) if check else ""


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


def answers(port: int) -> bool:
    """Tell whether the web server on a port says that it does its work."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_HEALTH_LIMIT_S)
    try:
        connection.request("GET", HEALTH_PATH)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _takes_queries(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _unless(well: bool, /) -> str:  # noqa: FBT001
    return "" if well else "doesn't answer"


#: By the name of a service: what is wrong with it, asked of itself; the number is its process's.
_CHECKS: dict[str, Callable[[state.State, int], str]] = {
    postgres.NAME: lambda stack, _pid: _unless(_takes_queries(stack.addresses.database_url)),
    broker.NAME: lambda stack, _pid: _unless(broker.answers(stack.addresses.broker_port)),
    INGEST: lambda stack, pid: trouble_of_ingest(vitals_file(Path(stack.data_dir)), pid),
    WEB: lambda stack, _pid: _unless(answers(stack.addresses.web_port)),
}
