"""The commands of the gateway. A failure is one line on standard error and a non-zero exit, never a stack trace."""

import argparse
import contextlib
import dataclasses
import datetime as dt
import io
import json
import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from domain.wire import topics
from gateway import (
    broker_client,
    configuration,
    decoding,
    errors,
    health,
    link_trouble,
    logs,
    metrics_outlet,
    operation_settings,
    port_settings,
    provision_request,
    provisioning,
    replay,
    secret_file,
    serial_line,
    service,
    stable_name,
    tls,
)

_log = logging.getLogger(__name__)

EXIT_FAILED = 1
_EXIT_BY_SIGNAL = 128
_LONGEST_CODE = 64


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return cast("int", options.command(options))
    except errors.GatewayError as error:
        for line in str(error).splitlines():
            print(f"gateway: {line}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return _EXIT_BY_SIGNAL + signal.SIGINT
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_BY_SIGNAL + signal.SIGPIPE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway", description="The box in the vehicle: serial lines to MQTT.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = _command(commands, "run", _run, "read the ports and publish until stopped")
    check = _command(commands, "check", _check, "tell what is wrong with a configuration, its ports and its broker")
    check.add_argument("--offline", action="store_true", help="look at the file only: no ports, no broker")
    replay = _command(commands, "replay", _replay, "play a capture into a gateway, as if the receiver were here")
    replay.add_argument("file", metavar="FILE", type=Path, help="a capture of NMEA sentences")
    replay.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="N times as fast (default: 1)")
    replay.add_argument("--tenant", type=_segment, help="publish as a device of this tenant")
    replay.add_argument("--device", type=_segment, help="publish as this device")
    replay.add_argument(
        "--wait", type=_seconds, default=60.0, metavar="S", help="seconds to wait for acknowledgements (default: 60)"
    )
    status = _command(commands, "status", _status, "tell how the running gateway is")
    for command in (run, check, replay, status):
        command.add_argument(
            "--config",
            metavar="FILE",
            help=f"default: ${configuration.VARIABLE}, then the usual places (docs/gateway.md)",
        )
    for command in (run, replay):
        command.add_argument("--verbose", action="store_true", help="log details")
        command.add_argument(
            "--log-format",
            choices=[str(form) for form in operation_settings.LogFormat],
            help="text or json, one object a line (default: gateway.log_format)",
        )
    status.add_argument("--json", action="store_true", help="as a JSON object")

    provision = _command(commands, "provision", _provision, "get this device's credentials for a one-time code")
    provision.add_argument("--server", required=True, metavar="URL", help="the web server, https://…")
    provision.add_argument(
        "--code", required=True, help="from `python -m db device code`; - reads it from standard input"
    )
    provision.add_argument("--config", metavar="FILE", help="the configuration to make if it is not there")
    provision.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="trust this authority for the server, and no other"
    )
    provision.add_argument("--insecure-http", action="store_true", help="ask without TLS, beyond this machine")
    provision.add_argument("--force", action="store_true", help="replace credentials and configuration")

    decode = _command(commands, "decode", _decode, "print the fixes of a capture as JSON lines")
    decode.add_argument("file", metavar="FILE", help="a capture of NMEA sentences, - for standard input")
    decode.add_argument(
        "--allow-missing-checksum", action="store_true", help="take sentences that have no checksum at all"
    )
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    act: Callable[[argparse.Namespace], int],
    summary: str,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    command.set_defaults(command=act)
    return command


def _run(options: argparse.Namespace) -> int:
    settings = _settings(options)
    if (problem := _no_port(settings)) is not None:
        raise errors.GatewayError(f"{settings.source}: port: {problem}")
    form = _log_to_stderr(options, settings)
    for line in _advice(settings):
        _log.warning("%s", line)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    try:
        gateway = service.Gateway(settings)
        gateway.run(stopping)
    except errors.GatewayError as error:
        if form is not operation_settings.LogFormat.JSON:
            raise
        _log.critical("%s", error)
        return EXIT_FAILED
    if gateway.is_to_restart:
        _begin_anew()
    return 0


def _advice(settings: configuration.Configuration) -> list[str]:
    is_inside = settings.broker.password is not None and not settings.broker.has_own_file
    told = secret_file.advice(settings.source, holds_password=is_inside)
    return [] if told is None else [told]


def _begin_anew() -> None:
    # In the same process, so that it works under any supervisor and under none; an update that was installed begins with it.
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - as we were started
    except OSError as error:
        raise errors.GatewayError(f"cannot start anew: {sys.executable}: {error.strerror}") from None


def _check(options: argparse.Namespace) -> int:
    settings = _settings(options)
    print(f"ok    {settings.source}: {settings.tenant}/{settings.device}, {len(settings.ports)} ports")
    secured = tls.context(settings.broker.tls)
    if options.offline:
        return 0
    broker = link_trouble.place(settings.broker) + (" (TLS)" if secured else "")
    findings = [(f"broker {broker}", broker_client.probe(settings))]
    findings += [(f"port {port.name}: {port.device}", serial_line.problem_of(port)) for port in settings.ports]
    for number, button in enumerate(settings.buttons, 1):
        if (own := port_settings.own_port(button, settings.ports)) is not None:
            findings.append((f"button[{number}].port of {button.fob}: {own.device}", serial_line.problem_of(own)))
    findings += metrics_outlet.problems(settings.metrics)
    for what, problem in findings:
        print(f"ok    {what}" if problem is None else f"WRONG {what}: {problem}")
    # As `provision` leaves it: right so far, and not ready to run.
    unready = [] if (problem := _no_port(settings)) is None else [f"port: {problem}"]
    for line in [*unready, *stable_name.advice(settings.ports), *_advice(settings)]:
        print(f"hint  {line}")
    return EXIT_FAILED if any(problem for _, problem in findings) else 0


def _replay(options: argparse.Namespace) -> int:
    settings = _settings(options)
    tenant, device = options.tenant or settings.tenant, options.device or settings.device
    if (tenant, device) != (settings.tenant, settings.device):
        folder = settings.state_folder / f"{tenant}.{device}"
        settings = dataclasses.replace(settings, tenant=tenant, device=device, state_folder=folder)
    _log_to_stderr(options, settings)
    summary = replay.play(options.file, settings, speed=options.speed, limit_s=options.wait, told=print)
    print(f"{summary.sentences} sentences ({summary.refused} refused), {summary.fixes} fixes")
    print(f"{summary.sent} fixes sent, {summary.acknowledged} acknowledged")
    if summary.waiting:
        raise errors.GatewayError(
            f"{summary.waiting} rows are not acknowledged after {options.wait:.0f} s and stay in the outbox. "
            "Is ingest running? `python -m stack up` starts it"
        )
    return 0


def _status(options: argparse.Namespace) -> int:
    settings = _settings(options)
    now = dt.datetime.now(dt.UTC)
    if options.json:
        print(json.dumps(health.read(settings.state_folder, now=now)))
        return 0
    for line in health.lines(settings.state_folder, now=now):
        print(line)
    for line in stable_name.advice(settings.ports):
        print(f"hint      {line}")
    return 0


def _provision(options: argparse.Namespace) -> int:
    url = provision_request.endpoint(options.server, allow_plain=options.insecure_http)
    at = configuration.to_be_made(options.config, os.environ)
    places = provisioning.Places(configuration=at, force=options.force)
    places.require_usable()
    given = provision_request.ask(url, _code(options.code), options.ca_file)
    print(
        f"this is {given.tenant}/{given.device}, its broker {given.host}:{given.port}{' (TLS)' if given.is_tls else ''}"
    )
    places.write(given, print)
    settings = provisioning.own_configuration(at, given)
    provisioning.wait_admitted(settings)
    return _check(argparse.Namespace(config=str(at), offline=False))


def _code(given: str) -> str:
    code = given
    if given == "-":
        _require_input()
        code = sys.stdin.readline(_LONGEST_CODE + 1)
    code = code.strip()
    if not 0 < len(code) <= _LONGEST_CODE:
        raise errors.GatewayError("--code: that is no code; `python -m db device code` prints one, like 1A2B-3C4D-5E6F")
    return code


def _decode(options: argparse.Namespace) -> int:
    with _opened(options.file) as stream:
        for line in decoding.lines(stream, require_checksum=not options.allow_missing_checksum):
            print(line)
    sys.stdout.flush()
    return 0


def _opened(name: str) -> contextlib.AbstractContextManager[io.BufferedReader]:
    if name == "-":
        _require_input()
        return contextlib.nullcontext(cast("io.BufferedReader", sys.stdin.buffer))
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise errors.GatewayError(f"cannot read {name}: {error.strerror}") from None


def _require_input() -> None:
    if sys.stdin is None:  # as Python has it where the descriptor is closed
        raise errors.GatewayError("cannot read standard input: it is closed")


def _settings(options: argparse.Namespace) -> configuration.Configuration:
    return configuration.load(configuration.find(options.config, os.environ))


def _no_port(settings: configuration.Configuration) -> str | None:
    return None if settings.ports or settings.buttons else "there is none; name at least one [[port]]"


def _log_to_stderr(options: argparse.Namespace, settings: configuration.Configuration) -> operation_settings.LogFormat:
    form = operation_settings.LogFormat(options.log_format or settings.log_format)
    logs.to_stderr(form, verbose=options.verbose)
    return form


def _segment(text: str) -> str:
    try:
        return topics.require_segment(text)
    except topics.TopicError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _speed(text: str) -> float:
    value = _number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _seconds(text: str) -> float:
    value = _number(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError("must be 0 or more seconds")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
