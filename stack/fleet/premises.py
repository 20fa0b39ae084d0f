"""Where a fleet finds what it needs: the broker, and for its vans a folder, accounts and passwords."""

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from db import engine
from db import errors as db_errors
from db.seed import demo, roster
from domain.wire import broker_address, broker_password
from stack import account, broker, broker_users, errors, running, settings, state
from stack.fleet import control, gateways

MQTT_VARIABLE = "STACK_FLEET_MQTT_URL"
_SOCKET, _PASSWORDS = "fleet.sock", "passwords.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """What `service.Fleet` is built from, besides its plan."""

    mqtt_url: str = field(repr=False)
    folder: Path
    control_path: Path
    gateways: gateways.Broker | None
    """None where vans' gateways would not be let in."""


def prepare(choice: settings.Settings, *, mqtt_url: str | None, units: int, vans: int) -> Premises:
    """Find the broker: `mqtt_url`, or that of the checkout's running stack, whose database then gets to know the fleet.

    Raises:
        StackError: no stack is up and no address is given, or vans are wanted of a broker that isn't this stack's.
    """
    own = _own_stack(choice, mqtt_url)
    if own is None:
        assert mqtt_url is not None
        if vans:
            raise errors.StackError(
                "vans with real gateways need the stack of this checkout, which lets them into its broker; use --gateways 0"
            )
        try:
            broker_address.parse(mqtt_url)
        except broker_address.BrokerAddressError as error:
            raise errors.StackError(f"the broker's address {error}") from None
        return _premises(choice, mqtt_url, None)
    try:
        with engine.connect(own.addresses.database_url) as connection:
            demo.plant(connection, units=units, gateways=vans)
    except db_errors.DatabaseError as error:
        raise errors.StackError(f"the fleet can't be registered: {error}") from error
    return _premises(choice, own.addresses.fleet_mqtt_url, _let_in(own, _folder(choice), vans) if vans else None)


def socket_path(choice: settings.Settings) -> Path:
    """Where the fleet of a checkout listens: in its state folder; where that path is too long for a socket, in a short one."""
    path = choice.state_dir / _SOCKET
    if len(os.fsencode(path)) <= control.LONGEST_PATH:
        return path
    return Path(tempfile.gettempdir()) / f"driveops-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.sock"


def _folder(choice: settings.Settings) -> Path:
    return choice.data_dir / "fleet"


def _own_stack(choice: settings.Settings, mqtt_url: str | None) -> state.State | None:
    """The running stack of the checkout; None where another broker is asked for."""
    if not mqtt_url:
        return running.current(choice)
    found = state.read(choice.state_dir)
    return found if found is not None and found.addresses.fleet_mqtt_url == mqtt_url else None


def _premises(choice: settings.Settings, mqtt_url: str, vans: gateways.Broker | None) -> Premises:
    return Premises(mqtt_url=mqtt_url, folder=_folder(choice), control_path=socket_path(choice), gateways=vans)


def _let_in(own: state.State, folder: Path, vans: int) -> gateways.Broker:
    """Give each van's gateway a broker account, the same one each time.

    Only for new ones is the broker made to read its users again: when it does, Mosquitto 2.0.21 puts offline sessions twice on
    its list of those to expire, and cuts their clients off each second once they are back.
    """
    file = broker_users.PasswordFile(path=Path(own.data_dir) / broker.FOLDER / broker.PASSWORDS)
    known = _passwords(folder)
    passwords = {
        unit.device: known.get(unit.device) or broker_password.new()
        for unit in roster.enlist(units=vans, gateways=vans)
    }
    own_account = account.of_this_process()
    own_account.write(own_account.folder(folder) / _PASSWORDS, json.dumps(known | passwords))
    users = {broker_users.device_user(roster.DEMO, device): password for device, password in passwords.items()}
    new = {user: password for user, password in users.items() if not file.accepts(user, password)}
    if new:
        running.admit(own, new)
    return gateways.Broker(host="127.0.0.1", port=own.addresses.broker_port, passwords=passwords)


def _passwords(folder: Path) -> dict[str, str]:
    path = folder / _PASSWORDS
    try:
        stored: dict[str, str] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise errors.StackError(f"{path} is damaged: remove it") from error
    return stored
