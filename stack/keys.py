"""What a stack makes up once and keeps: ports and passwords. So its addresses survive restarts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from domain.wire import broker_password
from stack import account, errors, ports

_SECRETS = ("superuser", "web", "backend", "auth", "ingest", "web_broker", "fleet", "replay")
#: Where people look first; another one where it is taken.
_USUAL_WEB_PORT = 8050


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Keys:
    """Ports and passwords of one stack; they don't show when printed."""

    postgres_port: int
    broker_port: int
    web_port: int
    superuser: str
    web: str
    backend: str
    auth: str
    ingest: str
    web_broker: str
    fleet: str
    replay: str


def load(folder: Path) -> Keys | None:
    """Read the keys of a stack that has been up before.

    Raises:
        StackError: the file is damaged.
    """
    path = _path(folder)
    try:
        return Keys(**_completed(json.loads(path.read_text())))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise errors.StackError(f"{path} is damaged: `python -m stack down --purge` starts anew") from error


def ensure(folder: Path, *, postgres_port: int | None, broker_port: int | None, web_port: int | None = None) -> Keys:
    """Read the keys, or make them up; a port that the settings demand is used, a remembered one if it is free."""
    known = load(folder)
    chosen = {name: getattr(known, name) if known else broker_password.new() for name in _SECRETS}
    keys = Keys(
        postgres_port=_port(postgres_port, "STACK_POSTGRES_PORT", known.postgres_port if known else None),
        broker_port=_port(broker_port, "STACK_BROKER_PORT", known.broker_port if known else None),
        web_port=_port(web_port, "STACK_WEB_PORT", known.web_port if known else _USUAL_WEB_PORT),
        **chosen,
    )
    text = json.dumps(asdict(keys), indent=1)
    if known is None or _path(folder).read_text() != text:
        folder.mkdir(parents=True, exist_ok=True)
        account.of_this_process().write(_path(folder), text)
    return keys


def _completed(stored: dict[str, Any]) -> dict[str, Any]:
    """Add what a stack of an earlier version had no need of."""
    return {"web_port": _USUAL_WEB_PORT, "web_broker": broker_password.new()} | stored


def _port(demanded: int | None, variable: str, remembered: int | None) -> int:
    if demanded is None:
        return ports.free(remembered)
    if not ports.is_free(demanded):
        raise errors.StackError(f"{variable}={demanded}: something listens on that port already")
    return demanded


def _path(folder: Path) -> Path:
    return folder / "keys.json"
