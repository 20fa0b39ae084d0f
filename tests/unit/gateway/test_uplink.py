import time
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt import client as mqtt

from gateway import configuration, uplink


def settings(host: str = "127.0.0.1", port: int = 1) -> configuration.Configuration:
    return configuration.Configuration(
        source=Path("gateway.toml"),
        tenant="demo",
        device="van-01",
        broker=configuration.Broker(host=host, port=port),
        state_folder=Path("state"),
    )


def eventually(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 10.0
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def made(told: configuration.Configuration) -> uplink.Uplink:
    return uplink.Uplink(told, receive=lambda _lane, _payload: None, changed=lambda: None)


def test_a_host_that_cannot_be_a_name_is_said_by_a_probe() -> None:
    problem = uplink.probe(settings("broker..example"))

    assert problem is not None
    assert "broker.host 'broker..example' is no name of a host" in problem


def test_a_host_that_cannot_be_a_name_does_not_end_the_thread() -> None:
    link = made(settings("broker..example"))
    link.start()
    eventually(lambda: link.problem is not None and "broker.host" in link.problem)

    assert link.is_running
    link.stop()
    assert not link.is_running


def test_whatever_goes_wrong_with_a_connection_does_not_end_the_thread(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object, **__: object) -> None:
        raise RuntimeError("the client stumbles")

    monkeypatch.setattr(mqtt.Client, "connect", connect)
    link = made(settings())
    link.start()
    eventually(lambda: link.problem == "the connection cannot be made; see the log")

    assert link.is_running
    assert "the uplink stumbled" in caplog.text
    link.stop()
