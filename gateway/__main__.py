"""The commands of the gateway. A failure is one line on standard error and a non-zero exit, never a stack trace."""

import argparse
import contextlib
import io
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from gateway import decoding, errors

EXIT_FAILED = 1
_EXIT_BY_SIGNAL = 128


def main(arguments: Sequence[str]) -> int:
    """Run one command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return cast("int", options.command(options))
    except errors.GatewayError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return _EXIT_BY_SIGNAL + signal.SIGINT
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _EXIT_BY_SIGNAL + signal.SIGPIPE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gateway", description="The box in the vehicle: serial lines to MQTT.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    decode = commands.add_parser("decode", help="print the fixes of a capture as JSON lines")
    decode.add_argument("file", metavar="FILE", help="a capture of NMEA sentences, - for standard input")
    decode.add_argument(
        "--allow-missing-checksum", action="store_true", help="take sentences that have no checksum at all"
    )
    decode.set_defaults(command=_decode)
    return parser


def _decode(options: argparse.Namespace) -> int:
    with _opened(options.file) as stream:
        for line in decoding.lines(stream, require_checksum=not options.allow_missing_checksum):
            print(line)
    sys.stdout.flush()
    return 0


def _opened(name: str) -> contextlib.AbstractContextManager[io.BufferedReader]:
    if name == "-":
        return contextlib.nullcontext(cast("io.BufferedReader", sys.stdin.buffer))
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise errors.GatewayError(f"cannot read {name}: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
