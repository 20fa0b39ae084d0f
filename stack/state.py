"""What a running stack writes into the checkout, for people and for other commands: `.driveops/`."""

import json
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from stack import account, processes
from stack.addresses import Addresses

STATE, ENVIRONMENT, GATEWAY = "stack.json", "stack.env", "gateway.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One line of `python -m stack status`."""

    name: str
    phase: str
    pid: int | None
    port: int | None
    restarts: int
    log: str


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A running stack."""

    supervisor: processes.Identity
    is_up: bool  #: everything has started
    data_dir: str
    services: tuple[Service, ...]
    addresses: Addresses


def write(folder: Path, state: State) -> None:
    """Replace the files. They hold passwords, so nobody else may read them."""
    own = account.of_this_process()
    own.folder(folder)
    own.write(folder / STATE, json.dumps(asdict(state), indent=1))
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in state.addresses.variables().items())
    own.write(folder / ENVIRONMENT, "".join(lines))
    own.write(folder / GATEWAY, state.addresses.gateway_toml(str(folder / "gateway")))


def read(folder: Path) -> State | None:
    """Return what the last supervisor wrote, which may have died since; None if nothing fit to read is there."""
    try:
        stored: dict[str, Any] = json.loads((folder / STATE).read_text())
        return State(
            supervisor=processes.Identity(**stored.pop("supervisor")),
            services=tuple(Service(**service) for service in stored.pop("services")),
            addresses=Addresses(**stored.pop("addresses")),
            **stored,
        )
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def forget(folder: Path) -> None:
    """Remove the files of a stack that is down."""
    for name in (STATE, ENVIRONMENT, GATEWAY):
        (folder / name).unlink(missing_ok=True)
