"""Over a network that loses packets and goes dark, with a broker that dies meanwhile: every press and fix is a row, once.

The usual run plays one case; with DRIVEOPS_SOAK set, as `make soak` does, all of them.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestProcess
from tests.integration.gateway import ends
from tests.system import lossy_link
from tests.system.conftest import Rows

pytestmark = pytest.mark.timeout(240)

_NOTICED_WITHIN_S = 30.0
_ARRIVED_WITHIN_S = 90.0
_EPOCHS = 20
_USUAL_LOSS = 0.2
_LOSSES = (0.1, _USUAL_LOSS, 0.3) if "DRIVEOPS_SOAK" in os.environ else (_USUAL_LOSS,)

Darken = Callable[[lossy_link.LossyLink], AbstractContextManager[None]]


def _swallow(*ways: lossy_link.Way) -> Darken:
    @contextmanager
    def dark(link: lossy_link.LossyLink) -> Iterator[None]:
        link.weather = lossy_link.Weather(swallowed=frozenset(ways))
        yield
        link.weather = lossy_link.Weather()

    return dark


@contextmanager
def _interface_down(link: lossy_link.LossyLink) -> Iterator[None]:
    link.switch(is_up=False)
    yield
    link.switch(is_up=True)


_DARKNESS: dict[str, Darken] = {
    "both ways": _swallow(*lossy_link.Way),
    "to the broker": _swallow(lossy_link.Way.TO_BROKER),
    "to the gateway": _swallow(lossy_link.Way.TO_GATEWAY),
    "interface down": _interface_down,
}
_DARK = tuple(_DARKNESS) if "DRIVEOPS_SOAK" in os.environ else ("both ways",)


@pytest.fixture
def link(broker: RunningBroker) -> Iterator[lossy_link.LossyLink]:
    try:
        with lossy_link.between(broker.port, seed=1) as made:
            yield made
    except lossy_link.LinkError as error:
        pytest.skip(f"no network namespace with a TUN device to be had here: {error}")


@pytest.fixture
def box(
    rows: Rows,
    ingest: IngestProcess,
    broker: RunningBroker,
    link: lossy_link.LossyLink,
    line: ends.Line,
    tmp_path: Path,
) -> Iterator[ends.Box]:
    """The van's gateway beyond the link, with the usual keepalive, connected while the weather is good."""
    text = ends.configuration(tmp_path, link.port, broker.password(ends.USER), line)
    text = text.replace("127.0.0.1", link.host).replace("keepalive_s = 2\n", "")
    made = ends.Box(tmp_path, text, link.inside)
    made.start()
    try:
        made.says("connected to the broker")
        made.says("is open at")
        yield made
    finally:
        made.kill()


@pytest.mark.parametrize("loss", _LOSSES, ids=lambda loss: f"{loss:.0%}")
def test_with_packets_lost_and_a_broker_killed_every_press_and_fix_is_a_row_once(
    box: ends.Box, broker: RunningBroker, link: lossy_link.LossyLink, line: ends.Line, rows: Rows, loss: float
) -> None:
    link.weather = lossy_link.Weather(loss=loss, delay_s=0.1, jitter_s=0.1)
    for second in range(_EPOCHS):
        line.second(f"1200{second:02d}.00")
        if second % 8 == 1:
            line.say(f"PDOP,PRESS,FOB-{second},{second},83,-61")
        if second == _EPOCHS // 2:
            broker.kill()
            broker.start()
        time.sleep(0.2)

    _arrived(rows, box, epochs=_EPOCHS, presses=3)
    assert link.lost >= loss * link.carried / 2


@pytest.mark.parametrize("darken", [_DARKNESS[name] for name in _DARK], ids=_DARK)
def test_a_dark_link_is_told_within_30_s_and_what_was_pressed_then_arrives_once(
    box: ends.Box, link: lossy_link.LossyLink, line: ends.Line, rows: Rows, tmp_path: Path, darken: Darken
) -> None:
    line.second("120000.00")
    line.say("PDOP,PRESS,FOB-1,1,83,-61")
    ends.eventually(lambda: rows.count("press") == 1, "the way is open")
    ends.eventually((tmp_path / "state" / "status.json").exists, "there is a status")
    ends.eventually(lambda: _told(tmp_path)["broker"] is None, "the status says that it is connected")

    with darken(link):
        line.second("120001.00")
        line.say("PDOP,PRESS,FOB-2,2,83,-61")
        ends.eventually(lambda: "PDOP,ACK,FOB-2,2,RECEIVED" in line.told(), "the fob is told that it is kept")
        ends.eventually(
            lambda: _told(tmp_path)["broker"] is not None,
            "the status says that the link is dead",
            limit_s=_NOTICED_WITHIN_S,
        )
        ends.eventually(lambda: _told(tmp_path)["press_waits"], "the status says that a press waits")

    _arrived(rows, box, epochs=2, presses=2)
    ends.eventually((tmp_path / "state" / "status.json").exists, "there is a status")
    ends.eventually(lambda: _told(tmp_path)["broker"] is None, "the status says that it is connected")


def _arrived(rows: Rows, box: ends.Box, *, epochs: int, presses: int) -> None:
    # The last second stands open, as nothing has come after it; a press may have closed it.
    ends.eventually(
        lambda: rows.count("press") == presses and rows.count("fix") >= epochs - 1,
        f"every press and fix is a row; the gateway says:\n{box.log()[-2_000:]}",
        limit_s=_ARRIVED_WITHIN_S,
    )
    ends.eventually(lambda: "backlog   0 rows" in box.status().stdout, "all is acknowledged", limit_s=_ARRIVED_WITHIN_S)
    assert rows.count("press") == presses
    assert rows.count("alert") == presses
    assert rows.count("fix") in (epochs - 1, epochs)
    assert rows.count("reject") == 0


def _told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "state" / "status.json").read_text())
    return found
