"""Every command and option of every command line, read from the parsers themselves."""

import argparse
import contextlib
import os
from collections.abc import Iterator
from typing import Any

import typer
import typer.main


def of_click(command: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (command path, options) of a command of click, as typer brings it along, and of what is below it."""
    if hasattr(command, "list_commands"):
        context = typer.Context(command)
        for name in sorted(command.list_commands(context)):
            with _environment_kept():
                child = command.get_command(context, name)
            if not child.hidden:
                yield from of_click(child, f"{path} {name}")
        return
    options = [max(p.opts, key=len) for p in command.params if p.param_type_name == "option" and not p.hidden]
    yield path, [option for option in options if option != "--help"]


def of_argparse(parser: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the same of an argparse parser."""
    children = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for group in children:
        for name, child in sorted(group.choices.items()):
            yield from of_argparse(child, f"{path} {name}")
    if not children:
        options = [max(a.option_strings, key=len) for a in parser._actions if a.option_strings and a.dest != "help"]
        yield path, [option for option in options if option.startswith("--")]


def of_typer(app: typer.Typer, path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the same of a typer application."""
    yield from of_click(typer.main.get_command(app), path)


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    """The stack's lazy commands mark the process that they run in; this one runs none of them."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
