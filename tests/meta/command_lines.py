"""Every command and option of every command line, read from the parsers themselves."""

import argparse
from collections.abc import Iterator

import click
import typer.main


def of_click(command: click.Command, path: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (command path, options) of a click command and what is below it."""
    if isinstance(command, click.Group):
        for name, child in sorted(command.commands.items()):
            if not child.hidden:
                yield from of_click(child, f"{path} {name}")
        return
    options = [max(p.opts, key=len) for p in command.params if isinstance(p, click.Option) and not p.hidden]
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
