"""The fleet's control socket: one command a line, answers and lamps as JSON lines.

`panic [DEVICE]` presses a button, `watch` streams what the gateways' lamps say from now on.
"""

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from stack import errors

_log = logging.getLogger(__name__)

#: A UNIX socket's path is at most 107 bytes on Linux.
LONGEST_PATH = 107
_LONGEST_LINE = 1024

Panic = Callable[[str | None], Awaitable[dict[str, Any]]]


class Control:
    """Serves the socket. `panic` does what the command says and tells what it did, or raises `StackError`."""

    def __init__(self, path: Path, panic: Panic) -> None:
        self._path, self._panic = path, panic
        self._open: dict[asyncio.StreamWriter, asyncio.Event] = {}
        self._watching: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; only this user may connect.

        Raises:
            StackError: another fleet listens there, or the path cannot be one of a socket.
        """
        if len(os.fsencode(self._path)) > LONGEST_PATH:
            raise errors.StackError(f"the control socket's path is longer than {LONGEST_PATH} bytes: {self._path}")
        if await answers(self._path):
            raise errors.StackError(f"a fleet is running already: it listens at {self._path}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=_LONGEST_LINE)
            self._path.chmod(0o600)
        except OSError as error:
            raise errors.StackError(f"the control socket {self._path} can't be made: {error.strerror}") from error

    def tell(self, event: dict[str, Any]) -> None:
        """Send an event to all who watch."""
        line = _line(event)
        for writer in self._watching:
            writer.write(line)

    async def close(self) -> None:
        """Stop listening, hang up."""
        if self._server is None:
            return
        self._server.close()
        for writer, gone in list(self._open.items()):
            writer.close()
            await gone.wait()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = self._open[writer] = asyncio.Event()
        try:
            while line := await reader.readline():
                writer.write(_line(await self._answer(line.decode("utf-8", "replace").split(), writer)))
                await writer.drain()
        except (ConnectionError, ValueError):
            _log.info("a control connection was lost, or sent no line at all")
        finally:
            self._watching.discard(writer)
            await _hang_up(writer)
            del self._open[writer]
            gone.set()

    async def _answer(self, words: list[str], writer: asyncio.StreamWriter) -> dict[str, Any]:
        match words:
            case ["panic"] | ["panic", _]:
                try:
                    return await self._panic(words[1] if len(words) > 1 else None)
                except errors.StackError as error:
                    return {"error": str(error)}
            case ["watch"]:
                self._watching.add(writer)
                return {"watching": True}
            case _:
                return {"error": "say: panic [DEVICE], or watch"}


async def ask(path: Path, command: str) -> dict[str, Any]:
    """Send one command to a running fleet and give back its answer.

    Raises:
        StackError: no fleet listens there.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(path)
    except OSError:
        raise errors.StackError("no fleet is running: start one with `python -m stack fleet`") from None
    try:
        writer.write(f"{command}\n".encode())
        answer: dict[str, Any] = json.loads(await reader.readline())
        return answer
    finally:
        await _hang_up(writer)


async def answers(path: Path) -> bool:
    """Whether a fleet listens at a path."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    await _hang_up(writer)
    return True


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except ConnectionError:
        _log.debug("the other end was gone already")


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"
