"""docs/soak.md: a section for each long run, replaced alone by the next run of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

FILE = Path(__file__).parents[1] / "docs" / "soak.md"
_HEAD = """# Soak

The long runs, which are not part of CI. `make soak` plays all of them in some 45 minutes; `make soak ONLY=outage`, or
`python -m bench.soak --only outage`, plays one and replaces its section here alone. Each section is written when its run
has ended. The exit code is 1 where something did not hold.
"""


class Verdict(StrEnum):
    """What became of one claim."""

    HELD = "held"
    FAILED = "**did not hold**"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report."""

    what: str
    outcome: str
    verdict: Verdict


def held(what: str, outcome: str, *, is_held: bool) -> Finding:
    """A claim that was put to the test."""
    return Finding(what=what, outcome=outcome, verdict=Verdict.HELD if is_held else Verdict.FAILED)


def section(name: str, about: str, circumstances: str, findings: Sequence[Finding]) -> str:
    """The text of one section."""
    rows = "\n".join(f"| {each.what} | {_cell(each.outcome)} | {each.verdict} |" for each in findings)
    return f"## {name}\n\n{about}\n\n{circumstances}\n\n| what | outcome | |\n| --- | --- | --- |\n{rows}\n"


def replace(file: Path, name: str, text: str, order: Sequence[str]) -> None:
    """Put a section in the place of the one of that name; those not in the order are dropped."""
    known = _sections(file.read_text(encoding="utf-8")) if file.exists() else {}
    known[name] = text
    kept = [known[each].rstrip() + "\n" for each in order if each in known]
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text("\n".join([_HEAD, *kept]), encoding="utf-8")
    fresh.replace(file)


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0].removeprefix("## ").strip(): part for part in parts}


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")
