"""Keys of a terminal, one at a time, without echo; the terminal is as it was afterwards."""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

UP, DOWN, TAB, ENTER, ESCAPE, BACKSPACE = "up", "down", "tab", "enter", "escape", "backspace"

# ECMA-48 §8.3: cursor keys, as ESC [ A or, in application mode, ESC O A.
_SEQUENCES = {"\x1b[A": UP, "\x1bOA": UP, "\x1b[B": DOWN, "\x1bOB": DOWN, "\x1b[Z": TAB}
_SINGLE = {"\t": TAB, "\r": ENTER, "\n": ENTER, "\x1b": ESCAPE, "\x7f": BACKSPACE, "\b": BACKSPACE}


@contextmanager
def keys() -> Iterator[asyncio.Queue[str]]:
    """Give a queue into which the keys of standard input come."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    queue: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for key in parse(os.read(descriptor, 1024).decode("utf-8", "ignore")):
            queue.put_nowait(key)

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield queue
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def parse(typed: str) -> list[str]:
    r"""Take apart what came in one piece: names of special keys, and characters as they are.

    >>> parse("p\x1b[Aé\r")
    ['p', 'up', 'é', 'enter']
    """
    found = []
    while typed:
        sequence = next((s for s in _SEQUENCES if typed.startswith(s)), typed[0])
        key = _SEQUENCES.get(sequence) or _SINGLE.get(sequence, sequence)
        if len(key) > 1 or key.isprintable():
            found.append(key)
        typed = typed[len(sequence) :]
    return found
