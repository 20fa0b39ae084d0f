from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends


@pytest.fixture
def line(tmp_path: Path) -> Iterator[ends.Line]:
    line = ends.Line(tmp_path / "receiver")
    yield line
    if line.path.is_symlink():
        line.unplug()


@pytest.fixture
def server(broker: RunningBroker) -> Iterator[ends.Server]:
    server = ends.Server(broker.port, broker.password("ingest"))
    yield server
    server.close()


@pytest.fixture
def make_box(broker: RunningBroker, tmp_path: Path) -> Iterator[Callable[..., ends.Box]]:
    """Make a gateway on lines; it is killed at the end if it still runs."""
    boxes = []

    def make(*lines: ends.Line, more: str = "", password: str | None = None) -> ends.Box:
        secret = broker.password(ends.USER) if password is None else password
        boxes.append(ends.Box(tmp_path, ends.configuration(tmp_path, broker.port, secret, *lines, more=more)))
        return boxes[-1]

    yield make
    for box in boxes:
        box.kill()


@pytest.fixture
def box(make_box: Callable[..., ends.Box], line: ends.Line) -> ends.Box:
    """A running gateway on one line, connected."""
    box = make_box(line)
    box.start()
    box.says("connected to the broker")
    box.says("is open at")
    return box
