"""`replay`: plays a capture into a running gateway through a pseudo-terminal, as if the receiver were here."""

import dataclasses
import os
import threading
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway import broker_client, capture, configuration, errors, link_trouble, port_settings, service

LONGEST_PAUSE_S = 10.0
_READ_LIMIT_S = 10.0
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What became of a capture."""

    sentences: int
    refused: int
    fixes: int
    sent: int
    acknowledged: int
    waiting: int  #: rows not acknowledged, of this replay or left from before


def play(
    file: Path,
    settings: configuration.Configuration,
    *,
    speed: float,
    limit_s: float,
    told: Callable[[str], None],
) -> Summary:
    """Play a capture and wait until the server has acknowledged it.

    Args:
        file: the capture.
        settings: tenant, device and broker; its ports are not used.
        speed: how many times faster than the sentences' own times.
        limit_s: how long to wait for acknowledgements after the last sentence.
        told: called with what is worth knowing meanwhile.

    Raises:
        GatewayError: the file can't be read, or there is no broker that lets us in.
    """
    content = _content(file)
    problem = broker_client.probe(settings)
    if problem is not None:
        raise errors.GatewayError(
            f"{problem}. Start the stack with `python -m stack up`, or name a configuration for another broker (--config)"
        )
    ours, theirs = os.openpty()
    try:
        tty.setraw(theirs)
        port = port_settings.Port(name="replay", device=os.ttyname(theirs))
        # The capture's dates are what they are: history is played, not corrected.
        gateway = service.Gateway(dataclasses.replace(settings, ports=(port,), date_floor=None))
        told(f"playing {file.name} as {settings.tenant}/{settings.device} to {link_trouble.place(settings.broker)}")
        return _played(gateway, ours, content, speed, limit_s)
    finally:
        os.close(ours)
        os.close(theirs)


def _played(gateway: service.Gateway, pty: int, content: bytes, speed: float, limit_s: float) -> Summary:
    stopping = threading.Event()
    failures: list[errors.GatewayError] = []
    thread = threading.Thread(target=_run, args=(gateway, stopping, failures), name="gateway")
    thread.start()
    try:
        receiver = gateway.receivers[0]
        _wait(lambda: receiver.state == "open" or bool(failures), _READ_LIMIT_S)
        due_s = time.monotonic()
        for burst in capture.bursts(content, longest_pause_s=LONGEST_PAUSE_S):
            due_s += burst.after_s / speed
            time.sleep(max(0.0, due_s - time.monotonic()))
            _write(pty, burst.data)
        _wait(lambda: receiver.heard_bytes >= len(content) and receiver.is_all_read, _READ_LIMIT_S)
        _wait(lambda: gateway.box.backlog == 0, limit_s)
    finally:
        stopping.set()
        thread.join()
    if failures:
        raise failures[0]
    framed = receiver.assembler.framer.counts
    return Summary(
        sentences=framed.good,
        refused=framed.bad_checksum + framed.no_checksum + framed.broken,
        fixes=receiver.assembler.counts.fixes,
        sent=gateway.delivery.sent_fixes,
        acknowledged=gateway.delivery.acknowledged_fixes,
        waiting=gateway.box.backlog,
    )


def _run(gateway: service.Gateway, stopping: threading.Event, failures: list[errors.GatewayError]) -> None:
    try:
        gateway.run(stopping)
    except errors.GatewayError as error:
        failures.append(error)


def _wait(condition: Callable[[], bool], limit_s: float) -> None:
    deadline_s = time.monotonic() + limit_s
    while not condition() and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return b"".join(capture.receiver_bytes(stream))
    except OSError as error:
        raise errors.GatewayError(f"cannot read {file}: {error.strerror}") from None
