"""Threads of its own for what must not wait behind the rest: asyncio's default ones serve the reads of every page."""

import asyncio
import functools
from collections.abc import Callable
from concurrent import futures
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Lane:
    """At most `threads` at a time; the rest waits for them, and for nobody else."""

    def __init__(self, name: str, threads: int) -> None:
        self._pool = futures.ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Do what blocks, and wait for it."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, functools.partial(work, *args, **kwargs))
