import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain import telemetry
from gateway import known_rates, port_settings, receiver, sentence

LIMIT_S = 10.0
RMC = [sentence.encode(f"GPRMC,1011{second}.00,A,4851.5,N,00217.1,E,10.0,90.0,010326,,,A") for second in (10, 11, 12)]
TPV = b'{"class":"TPV","device":"/dev/x","mode":2,"time":"2026-03-01T10:11:%d.000Z","lat":48.85,"lon":2.28}\r\n'


def eventually(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s, f"not so within {LIMIT_S:.0f} s"
        time.sleep(0.01)


RATES = known_rates.KnownRates(Path("nowhere") / "rates.json")


class Reading:
    """A receiver on a port, and the seconds of the fixes that it gave."""

    def __init__(self, port: port_settings.Port) -> None:
        self.seconds: list[int] = []
        self.receiver = receiver.Receiver(port, fixes=self._take, button=lambda _parts, _line: None, rates=RATES)
        self.receiver.line.start()

    def _take(self, _name: str, fixes: list[telemetry.Fix]) -> None:
        self.seconds += [fix.time.second for fix in fixes]


@pytest.fixture
def reading() -> Iterator[Callable[[port_settings.Port], Reading]]:
    started: list[Reading] = []

    def start(port: port_settings.Port) -> Reading:
        started.append(Reading(port))
        return started[-1]

    yield start
    for each in started:
        each.receiver.line.stop()


def test_a_file_is_read_once_to_its_last_fix_and_then_has_ended(
    tmp_path: Path, reading: Callable[[port_settings.Port], Reading]
) -> None:
    path = tmp_path / "receiver.log"
    path.write_bytes(b"".join(RMC))

    read = reading(port_settings.Port(name="file", device=f"file:{path}"))
    eventually(lambda: read.receiver.state == "ended")

    assert read.seconds == [10, 11, 12]
    assert read.receiver.line.is_running


def test_a_followed_file_is_read_as_it_grows_and_from_its_start_when_it_was_emptied(
    tmp_path: Path, reading: Callable[[port_settings.Port], Reading]
) -> None:
    path = tmp_path / "receiver.log"
    path.write_bytes(RMC[0] + RMC[1])
    read = reading(port_settings.Port(name="file", device=f"file:{path}", follow=True))
    eventually(lambda: read.seconds == [10, 11])

    path.write_bytes(RMC[2])

    eventually(lambda: read.seconds == [10, 11, 12])


def test_a_followed_file_that_is_rotated_is_read_to_its_end_and_then_the_new_one(
    tmp_path: Path, reading: Callable[[port_settings.Port], Reading]
) -> None:
    path = tmp_path / "receiver.log"
    path.write_bytes(RMC[0])
    read = reading(port_settings.Port(name="file", device=f"file:{path}", follow=True))
    eventually(lambda: read.seconds == [10])

    with path.open("ab") as writer:
        path.rename(tmp_path / "receiver.log.1")
        writer.write(RMC[1])
    path.write_bytes(RMC[2])

    eventually(lambda: read.seconds == [10, 11, 12])


def test_gpsd_is_asked_for_its_device_and_connected_to_again(
    reading: Callable[[port_settings.Port], Reading],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as daemon:
        daemon.settimeout(LIMIT_S)
        read = reading(port_settings.Port(name="gps", device=f"gpsd://127.0.0.1:{daemon.getsockname()[1]}/dev/x"))
        asked = []
        for second in (10, 11):
            connection, _ = daemon.accept()
            with connection:
                asked.append(connection.recv(1_000))
                connection.sendall(TPV % second + b'{"class":"TPV","half a line')
                eventually(lambda: 10 in read.seconds)

        eventually(lambda: read.seconds == [10, 11])

    assert asked == [b'?WATCH={"enable": true, "json": true, "device": "/dev/x"};\n'] * 2
