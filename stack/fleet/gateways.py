"""The vans' gateways: for each a real `python -m gateway run`, with its own configuration, outbox and credentials."""

import asyncio
import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_log = logging.getLogger(__name__)

_STOP_LIMIT_S = 5.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0
#: One that ran this long had started well; its next crash is a new one.
_RAN_WELL_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the gateways find the broker, and each van's password, by its device's name."""

    host: str
    port: int
    passwords: Mapping[str, str]


class Gateways:
    """Starts gateways and starts them again when they end."""

    def __init__(self, folder: Path, tenant: str, broker: Broker) -> None:
        self._folder, self._tenant, self._broker = folder, tenant, broker

    async def keep(self, device: str, port: str) -> None:
        """Run the gateway of a device on a serial line until cancelled."""
        folder = self._folder / device
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "gateway.toml"
        configuration.touch(mode=0o600)
        configuration.write_text(self._configuration(device, port, folder), encoding="utf-8")
        clock = asyncio.get_running_loop().time
        wait_s = _FIRST_WAIT_S
        while True:
            started_s = clock()
            code = await _run(configuration, folder / "gateway.log")
            wait_s = _FIRST_WAIT_S if clock() - started_s > _RAN_WELL_S else min(2 * wait_s, _LONGEST_WAIT_S)
            _log.error(
                "a gateway ended and is started again", extra={"device": device, "exit_code": code, "wait_s": wait_s}
            )
            await asyncio.sleep(wait_s)

    def _configuration(self, device: str, port: str, folder: Path) -> str:
        """The gateway's TOML (docs/gateway.md). JSON's strings are TOML's too."""
        text, broker = json.dumps, self._broker
        return "\n".join(
            (
                "[gateway]",
                f"tenant = {text(self._tenant)}",
                f"device = {text(device)}",
                f"state_folder = {text(str(folder / 'state'))}",
                "[broker]",
                f"host = {text(broker.host)}",
                f"port = {broker.port}",
                f"password = {text(broker.passwords[device])}",
                "[[port]]",
                'name = "receiver"',
                f"device = {text(port)}",
                "",
            )
        )


async def _run(configuration: Path, log: Path) -> int:
    """Run a gateway until it ends; stop it when this is cancelled."""
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "run", "--config", str(configuration), stdout=out, stderr=out
        )
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    async with asyncio.timeout(_STOP_LIMIT_S):
                        await process.wait()
                except TimeoutError:
                    process.kill()
                    await process.wait()
