"""What the documents are held against: the files of this checkout."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "gateway", "ingest", "db", "api", "dashboard", "stack", "bench")
_VARIABLE = re.compile(r"""["']((?:INGEST|STACK|GATEWAY|DB|DATABASE|WEB)_[A-Z][A-Z0-9_]*)["']""")


def python_files(*packages: str) -> Iterator[Path]:
    for package in packages or PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def variables_in_code() -> set[str]:
    return {name for path in python_files() for name in _VARIABLE.findall(path.read_text())}


def document(name: str) -> str:
    return (ROOT / name).read_text()


def all_documents() -> str:
    return "\n".join(path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
