"""A gateway on ports whose control lines a test moves: a pseudo-terminal has none, so the kernel's answer comes from a file.

`python -m tests.integration.gateway.wired_lines FILE PYTHON -m gateway run …`; the file holds the bits of TIOCMGET in decimal.
"""

import fcntl
import sys
import termios
from pathlib import Path
from typing import Any

from gateway import __main__ as program


def main(bits: Path, arguments: list[str]) -> int:
    ask = fcntl.ioctl

    def answer(descriptor: int, request: int, *rest: Any) -> Any:
        if request != termios.TIOCMGET:
            return ask(descriptor, request, *rest)
        ask(descriptor, termios.FIONREAD, bytes(4))  # a port that is closed or gone fails as it would
        return int(bits.read_text()).to_bytes(4, sys.byteorder)

    fcntl.ioctl = answer  # type: ignore[assignment]
    return program.main(arguments)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[5:]))
