"""Whether the services of a running stack do their work now, asked of themselves."""

from dataclasses import dataclass

import psycopg

from stack import broker, postgres, processes, state, watch


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
    return ""


def _takes_queries(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
