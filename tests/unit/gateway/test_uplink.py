import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt import client as mqtt

from gateway import broker_client, configuration, uplink


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
    return uplink.Uplink(told, receive=lambda _lane, _payload: None, changed=lambda: None, is_urgent=lambda: False)


def test_a_host_that_cannot_be_a_name_is_said_by_a_probe() -> None:
    problem = broker_client.probe(settings("broker..example"))

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


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_press_that_waits_keeps_the_pauses_short(*, is_refused: bool) -> None:
    urgent = [uplink._pause_s(in_vain, is_refused=is_refused, is_urgent=True) for in_vain in range(2_000)]
    others = [uplink._pause_s(in_vain, is_refused=is_refused, is_urgent=False) for in_vain in range(2_000)]

    assert max(urgent) <= 2.0
    assert 15.0 <= max(others) <= 30.0


def test_a_new_press_ends_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uplink, "_FIRST_WAIT_S", 600.0)
    monkeypatch.setattr(uplink, "_LONGEST_WAIT_S", 600.0)
    tries = threading.Semaphore(0)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return
                tries.release()

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        link = made(settings(port=listener.getsockname()[1]))
        link.start()
        assert tries.acquire(timeout=10.0)
        eventually(lambda: link.problem is not None and "closes the connection" in link.problem)

        link.hurry()

        assert tries.acquire(timeout=10.0)
        link.stop()
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10.0)
