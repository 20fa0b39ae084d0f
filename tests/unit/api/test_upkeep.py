import asyncio
import contextlib

import pytest

from api import upkeep


def test_a_part_that_fails_is_told_and_starts_again(caplog: pytest.LogCaptureFixture) -> None:
    starts: list[int] = []

    async def part() -> None:
        starts.append(len(starts))
        if len(starts) == 1:
            raise LookupError("nobody expected this")
        at_work.set()
        await asyncio.Event().wait()

    async def tell() -> None:
        task = asyncio.create_task(upkeep.keep_up("the part", part))
        await at_work.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()

    at_work = asyncio.Event()
    asyncio.run(tell())
    assert len(starts) == 2
    [told] = caplog.records
    assert (told.levelname, told.getMessage()) == ("CRITICAL", "the part has failed")
    assert told.exc_info is not None
