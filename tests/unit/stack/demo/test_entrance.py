"""The way from the demo to its pages: opened only where somebody can see it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from stack import settings
from stack.demo import entrance

_ADDRESS = "http://127.0.0.1:8050/login/link/token"
_OPEN = f"from stack.demo import entrance; print(entrance.open_in_browser({_ADDRESS!r}))"


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that only writes down what it was told to open."""

    folder: Path

    def seen(self, display: dict[str, str]) -> tuple[str, str]:
        """What opening said on a desktop of these variables, and what the browser got."""
        note, program = self.folder / "opened", self.folder / "browser.py"
        program.write_text(f"import pathlib, sys\npathlib.Path({str(note)!r}).write_text(sys.argv[1])\n")
        kept = {name: value for name, value in os.environ.items() if not name.endswith("DISPLAY")}
        env = kept | display | {"BROWSER": f"{sys.executable} {program} %s"}
        done = subprocess.run(
            [sys.executable, "-c", _OPEN], check=True, env=env, cwd=settings.CHECKOUT, capture_output=True, text=True
        )
        return done.stdout.strip(), note.read_text() if note.exists() else ""


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_the_address_is_opened_where_there_is_a_display(name: str, tmp_path: Path) -> None:
    assert Browser(tmp_path).seen({name: ":7"}) == ("True", _ADDRESS)


def test_nothing_is_opened_without_a_display(tmp_path: Path) -> None:
    assert Browser(tmp_path).seen({}) == ("False", "")


@pytest.mark.parametrize("env", [{}, {"DISPLAY": ""}, {"TERM": "xterm"}])
def test_an_empty_display_is_none(env: dict[str, str]) -> None:
    assert not entrance.has_display(env)
