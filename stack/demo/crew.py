"""The fleet of the demo: a child process, asked and heard over its control socket."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from stack import errors
from stack.fleet import control

_log = logging.getLogger(__name__)
_STOP_LIMIT_S, _START_LIMIT_S, _RETRY_S = 10.0, 20.0, 0.2


class Crew:
    """Starts a fleet, unless one runs already, and stops what it started."""

    def __init__(self, control_path: Path, log: Path) -> None:
        self._control, self._log = control_path, log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, options: Sequence[str]) -> None:
        """Start the fleet and wait until it answers.

        Raises:
            StackError: it ends at once, or does not answer in time.
        """
        if await control.answers(self._control):
            return
        with self._log.open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "stack", "fleet", *options, stdout=out, stderr=out, start_new_session=True
            )
        try:
            async with asyncio.timeout(_START_LIMIT_S):
                while not await control.answers(self._control):
                    if self._process.returncode is not None:
                        raise errors.StackError(
                            f"the fleet could not start; its log is {self._log}:\n{self._last_line()}"
                        )
                    await asyncio.sleep(_RETRY_S)
        except TimeoutError:
            raise errors.StackError(f"the fleet does not answer; its log is {self._log}") from None

    async def panic(self, device: str | None) -> dict[str, Any]:
        """Press a button in the fleet.

        Raises:
            StackError: no fleet, or no such device.
        """
        answer = await control.ask(self._control, f"panic {device}" if device else "panic")
        if "error" in answer:
            raise errors.StackError(answer["error"])
        return answer

    async def is_up(self) -> bool:
        """Whether the fleet answers."""
        return await control.answers(self._control)

    async def listen(self, hear: Callable[[dict[str, Any]], None]) -> None:
        """Hear the fleet's presses and lamps until cancelled; a fleet that goes away may come back."""
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._control)
            except OSError:
                await asyncio.sleep(1.0)
                continue
            try:
                writer.write(b"watch\n")
                while line := await reader.readline():
                    hear(json.loads(line))
            except (ConnectionError, ValueError):
                _log.warning("the fleet's control connection was lost")
            finally:
                writer.close()

    async def stop(self) -> None:
        """Stop the fleet if this started it."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_LIMIT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _last_line(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else "(empty)"
