"""The gateway's configuration: one TOML file. Whatever is wrong in it is named with the file and the key.

docs/gateway.md explains every key; deploy/gateway.toml is an example.
"""

import dataclasses
import datetime as dt
import functools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from domain.wire import topics
from gateway import errors, operation_settings, outbox_bounds, port_settings, private, reporting_rules, secret_file
from gateway.settings_table import Problems, Table

_T = TypeVar("_T")

VARIABLE = "GATEWAY_CONFIG"
USUAL_PLACES = (Path(".driveops/gateway.toml"), Path("/etc/driveops/gateway.toml"))
DATE_FLOOR = dt.date(2024, 1, 1)
_LONGEST_KEEPALIVE_S = 15  # a dead link is noticed within twice this
_DAY_S = 86_400.0


class ConfigurationError(errors.GatewayError):
    """A configuration is missing, unreadable or contradicts itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How the connection is secured."""

    ca_file: Path | None = None  #: None: the system's authorities
    certificate_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to publish."""

    host: str
    port: int
    password: str | None = field(default=None, repr=False)
    has_own_file: bool = False  #: the password does not stand in the configuration itself
    keepalive_s: int = 10
    tls: Tls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """How much is kept while nothing can be sent, and how fast it is sent afterwards."""

    bounds: outbox_bounds.Bounds = outbox_bounds.USUAL
    backlog_fixes_per_s: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything that a gateway is told."""

    source: Path
    tenant: str
    device: str
    broker: Broker
    state_folder: Path
    ports: tuple[port_settings.Port, ...] = ()
    buttons: tuple[port_settings.Button, ...] = ()
    outbox: Outbox = Outbox()
    reporting: reporting_rules.Rules = reporting_rules.EVERY_FIX
    fob_silence_s: float = 600.0
    log_format: operation_settings.LogFormat = operation_settings.LogFormat.TEXT
    metrics: operation_settings.Metrics = field(default_factory=operation_settings.Metrics)
    date_floor: dt.date | None = DATE_FLOOR  #: no receiver's date can be before it; None: no date is corrected


def find(named: str | None, environ: Mapping[str, str]) -> Path:
    """The file to use: the named one, else the environment's, else the first of the usual places that is there.

    Raises:
        ConfigurationError: none is there.
    """
    if named is not None:
        return Path(named)
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    for place in USUAL_PLACES:
        if _is_there(place):
            return place
    places = ", ".join(str(place) for place in USUAL_PLACES)
    raise ConfigurationError(
        f"no configuration: give --config FILE or set {VARIABLE}; there is none at {places}. "
        "`python -m stack up` writes the first of them for its own broker"
    )


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except PermissionError:  # it may be: whoever reads it says why it can't
        return True


def to_be_made(named: str | None, environ: Mapping[str, str]) -> Path:
    """Where a configuration is to be: the named place, else the environment's, else the system's."""
    return Path(named or environ.get(VARIABLE) or USUAL_PLACES[-1])


def load(path: Path) -> Configuration:
    """Read a file.

    Raises:
        ConfigurationError: it names the file, and the key at fault.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"cannot read the configuration {path}: {reason}") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}") from None
    return _configuration(path, document)


def _configuration(path: Path, document: dict[str, Any]) -> Configuration:
    root, problems = Table(path, "", document), Problems()
    read = problems.gather(lambda: _of_gateway(path, root.table("gateway")), _NOTHING)
    simple = read.reporting
    read = dataclasses.replace(
        read,
        broker=problems.gather(lambda: _broker(root.table("broker")), _NOTHING.broker),
        ports=_gathered(problems, root, "port", port_settings.port),
        buttons=_gathered(problems, root, "button", port_settings.button),
        outbox=problems.gather(lambda: _outbox(root.optional_table("outbox")), _NOTHING.outbox),
        reporting=problems.gather(
            lambda: reporting_rules.read(root.optional_table("reporting"), simple), _NOTHING.reporting
        ),
        metrics=problems.gather(lambda: operation_settings.metrics(root.optional_table("metrics")), _NOTHING.metrics),
    )
    root.is_wrong = False  # all of its own keys were asked for
    problems.add(root.unknown())
    problems.add(port_settings.contradictions(path, read.ports, read.buttons))
    problems.refuse()
    return read


_NOTHING = Configuration(source=Path(), tenant="", device="", broker=Broker(host="", port=0), state_folder=Path())


def _of_gateway(path: Path, gateway: Table) -> Configuration:
    names = _segment(gateway, "tenant"), _segment(gateway, "device")
    folder = gateway.optional("state_folder", str)
    return Configuration(
        source=path,
        tenant=names[0],
        device=names[1],
        broker=_NOTHING.broker,
        state_folder=private.usual_folder(*names) if folder is None else gateway.path("state_folder", folder),
        reporting=reporting_rules.Rules(interval_s=gateway.number("report_interval_s", 0.0, _DAY_S, 0.0)),
        fob_silence_s=gateway.number("fob_silence_s", 1.0, _DAY_S, 600.0),
        log_format=operation_settings.log_format(gateway),
        date_floor=_date_floor(gateway),
    )


def _gathered(problems: Problems, root: Table, key: str, read: Callable[[Table], _T]) -> tuple[_T, ...]:
    nothing: list[Table] = []
    tables = problems.gather(lambda: root.tables(key), nothing)
    found = [problems.gather(functools.partial(read, table), None) for table in tables]
    return tuple(each for each in found if each is not None)


def _broker(table: Table) -> Broker:
    password = table.optional("password", str)
    password_file = table.optional("password_file", str)
    if password is not None and password_file is not None:
        raise table.error("password_file", "give either password or password_file, not both")
    tls = table.optional_table("tls")
    return Broker(
        host=_host(table),
        port=table.integer("port", 1, 65_535, 1883 if tls is None else 8883),
        password=password if password_file is None else secret_file.read(table, "password_file", password_file),
        has_own_file=password_file is not None,
        keepalive_s=table.integer("keepalive_s", 2, _LONGEST_KEEPALIVE_S, 10),
        tls=None if tls is None else _tls(tls),
    )


def _host(table: Table) -> str:
    host = table.required("host", str)
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise table.error("host", f"{host!r} is no name of a host ({error})") from None
    if any(sign.isspace() or sign in "/\0" for sign in host):
        raise table.error("host", f"{host!r} is no name of a host: give the name or address alone")
    return host


def _tls(table: Table) -> Tls:
    read = Tls(
        ca_file=table.file("ca_file"),
        certificate_file=secret_file.certificate(table, "certificate_file"),
        key_file=secret_file.file(table, "key_file"),
    )
    if read.key_file is not None and read.certificate_file is None:
        raise table.error("key_file", "a key needs its certificate_file")
    return read


def _outbox(table: Table | None) -> Outbox:
    usual = Outbox()
    if table is None:
        return usual
    return Outbox(
        bounds=outbox_bounds.Bounds(
            most_fixes=table.integer("most_fixes", 1_000, 100_000_000, usual.bounds.most_fixes),
            most_bytes=table.integer("most_bytes", 1_000_000, 1_000_000_000_000, usual.bounds.most_bytes),
            longest=dt.timedelta(days=table.number("longest_days", 1.0, 36_500.0, usual.bounds.longest.days)),
        ),
        backlog_fixes_per_s=table.integer("backlog_fixes_per_s", 1, 100_000, usual.backlog_fixes_per_s),
    )


def _segment(table: Table, key: str) -> str:
    try:
        return topics.require_segment(table.required(key, str))
    except topics.TopicError as error:
        raise table.error(key, str(error)) from None


def _date_floor(table: Table) -> dt.date | None:
    value = table.optional("date_floor", object)
    if value is None:
        return DATE_FLOOR
    if value is False:
        return None
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    raise table.error("date_floor", "must be a date like 2024-01-01, or false")
