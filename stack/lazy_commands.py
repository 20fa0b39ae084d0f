"""Commands whose modules are loaded when they are called for: the town's libraries take their time, and `down` needs none."""

import importlib
import os
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from stack import program, settings

#: Command → module and function.
COMMANDS = {
    "broker-users": ("stack.broker_users_cli", "broker_users"),
    "demo": ("stack.demo.cli", "demo"),
    "fleet": ("stack.fleet.cli", "fleet"),
}


class LazyGroup(TyperGroup):
    """A group that knows more commands than it has loaded."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all names, in the order of the help."""
        return [*super().list_commands(ctx), *COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, loaded now if it is one of the lazy ones; what those start is marked for `down`."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        os.environ.update(program.mark(settings.Settings.from_env(os.environ, is_root=os.geteuid() == 0).data_dir))
        module, function = COMMANDS[cmd_name]
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(cmd_name)(getattr(importlib.import_module(module), function))
        return get_command(single)
