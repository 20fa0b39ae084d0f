"""Keeps a part of the server at work: one that ends by an error is told and started again."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_STEADY_S = 60.0  #: after this the next end counts as the first again


async def keep_up(name: str, part: Callable[[], Awaitable[None]]) -> None:
    """Run a part until cancelled; each start waits twice as long as the one before."""
    pause_s = _FIRST_PAUSE_S
    while True:
        began_s = time.monotonic()
        try:
            await part()
            _log.critical("%s has ended", name)
        except Exception:  # noqa: BLE001 (whatever ends a part, it is needed)
            _log.critical("%s has failed", name, exc_info=True)
        if time.monotonic() - began_s > _STEADY_S:
            pause_s = _FIRST_PAUSE_S
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
