import asyncio
import json
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from stack import errors
from stack.fleet import control


async def _panic(device: str | None) -> dict[str, Any]:
    if device == "nobody":
        raise errors.StackError("the fleet has no device nobody")
    return {"device": device or "van-01"}


async def _served(path: Path, scenario: Callable[[control.Control], Awaitable[Any]]) -> Any:
    server = control.Control(path, _panic)
    await server.start()
    try:
        return await scenario(server)
    finally:
        await server.close()


def test_a_press_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sock"

    async def scenario(_server: control.Control) -> list[dict[str, Any]]:
        return [await control.ask(path, command) for command in ("panic", "panic van-02", "panic nobody", "dance")]

    answers = asyncio.run(_served(path, scenario))

    assert answers[:2] == [{"device": "van-01"}, {"device": "van-02"}]
    assert "no device nobody" in answers[2]["error"]
    assert "panic [DEVICE]" in answers[3]["error"]


def test_who_watches_hears_events(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sock"

    async def scenario(server: control.Control) -> list[dict[str, Any]]:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"watch\n")
        first = json.loads(await reader.readline())
        server.tell({"event": "lamp", "state": "RECEIVED"})
        second = json.loads(await reader.readline())
        writer.close()
        await writer.wait_closed()
        return [first, second]

    assert asyncio.run(_served(path, scenario)) == [{"watching": True}, {"event": "lamp", "state": "RECEIVED"}]


def test_a_watcher_that_went_away_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sock"

    async def scenario(server: control.Control) -> int:
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(b"watch\n")
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.05)
        server.tell({"event": "lamp"})
        return len(server._watching)

    assert asyncio.run(_served(path, scenario)) == 0


def test_a_second_fleet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sock"

    async def scenario(_server: control.Control) -> None:
        with pytest.raises(errors.StackError, match="running already"):
            await control.Control(path, _panic).start()

    asyncio.run(_served(path, scenario))


def test_a_socket_that_a_killed_fleet_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sock"

    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))

    async def scenario(_server: control.Control) -> dict[str, Any]:
        return await control.ask(path, "panic")

    assert path.exists()
    assert asyncio.run(_served(path, scenario)) == {"device": "van-01"}


def test_only_this_user_may_press(tmp_path: Path) -> None:
    path = tmp_path / "fleet.sock"

    async def scenario(_server: control.Control) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    assert asyncio.run(_served(path, scenario)) == 0o600
    assert not path.exists()


def test_without_a_fleet_the_answer_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(errors.StackError, match="python -m stack fleet"):
        asyncio.run(control.ask(tmp_path / "fleet.sock", "panic"))


def test_a_path_too_long_for_a_socket_is_named(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 120)

    with pytest.raises(errors.StackError, match="longer than 107 bytes"):
        asyncio.run(control.Control(path, _panic).start())
