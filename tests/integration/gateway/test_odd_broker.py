"""Something that is no broker, or a broken one, answers where the broker should: the uplink goes on trying."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.gateway import ends
from tests.integration.gateway.ends import eventually

BAD_PROPERTY = b"\x20\x05\x00\x00\x02\xff\x00"  # CONNACK, success, a property that MQTT 5 does not have
UNKNOWN_REASON = b"\x20\x03\x00\x42\x00"
A_WEB_PAGE = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n"


class OddBroker:
    """Takes connections and says the same to each."""

    def __init__(self, words: bytes) -> None:
        self._words = words
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for each in self._taken:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            taken.recv(4_096)
            taken.sendall(self._words)
            self._taken.append(taken)
            self.connections += 1


@pytest.fixture
def odd_broker(request: pytest.FixtureRequest) -> Iterator[OddBroker]:
    made = OddBroker(request.param)
    yield made
    made.close()


@pytest.mark.parametrize(
    "odd_broker",
    [BAD_PROPERTY, UNKNOWN_REASON, A_WEB_PAGE],
    ids=["bad property", "unknown reason", "web page"],
    indirect=True,
)
def test_what_is_no_broker_is_said_and_tried_again(odd_broker: OddBroker, line: ends.Line, tmp_path: Path) -> None:
    box = ends.Box(tmp_path, ends.configuration(tmp_path, odd_broker.port, "x", line))
    box.start()
    try:
        eventually(lambda: odd_broker.connections >= 2, "it tries again")
        assert box.stop() == 0
    finally:
        box.kill()

    assert f"the broker at 127.0.0.1:{odd_broker.port} " in box.log()
    assert "Traceback" not in box.log()
