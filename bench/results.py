"""bench/results.json: the newest figure of each name, with the machine that it was measured on; and the same as a table."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("results.json")
_FIELDS = ("name", "value", "unit", "ceiling", "ratio", "target", "met")


def merge(rows: Iterable[dict[str, Any]], file: Path = FILE) -> None:
    """Put these figures in the place of those of the same names."""
    known = {row["name"]: row for row in json.loads(file.read_text())} if file.exists() else {}
    known |= {row["name"]: {**row, "machine": machine()} for row in rows}
    lines = ",\n".join("  " + json.dumps(known[name]) for name in sorted(known))
    file.write_text(f"[\n{lines}\n]\n")


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The figures for people."""
    cells = [_FIELDS, *(tuple(_text(row.get(field)) for field in _FIELDS) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_FIELDS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def machine() -> str:
    """Processor, cores, memory and system, in a line."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.system()} {platform.release()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case _:
            return str(value)
