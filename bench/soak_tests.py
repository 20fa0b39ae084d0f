"""Soak by tests of the suite: property tests with more examples, and system tests in all their cases."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from bench import soak_report

ROOT = Path(__file__).parents[1]
REAL_CAPTURES = ROOT.parent / "shared" / "data" / "gpsd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a run of pytest came to."""

    passed: int
    failed: int
    skipped: int
    reason: str  #: of the first that was skipped or failed

    @property
    def verdict(self) -> soak_report.Verdict:
        """All must have passed; where none could run nothing is claimed."""
        if self.passed and not self.failed and not self.skipped:
            return soak_report.Verdict.HELD
        if self.skipped and not self.passed and not self.failed:
            return soak_report.Verdict.NOT_RUN
        return soak_report.Verdict.FAILED

    @property
    def words(self) -> str:
        """In a few."""
        others = [f"{count} {what}" for count, what in ((self.failed, "failed"), (self.skipped, "skipped")) if count]
        return ", ".join([f"{self.passed} passed", *others]) + (f": {self.reason}" if self.reason else "")


def properties(examples: int, seed: int) -> soak_report.Finding:
    """The property tests of the gateway and the wire, with so many examples each."""
    tally = run(
        "tests/unit/gateway",
        "tests/unit/domain",
        "-m",
        "hypothesis",
        "-p",
        "bench.soak_profile",
        "--hypothesis-profile=soak",
        f"--hypothesis-seed={seed}",
        DRIVEOPS_SOAK_EXAMPLES=str(examples),
    )
    outcome = f"{examples:,} examples each: {tally.words}"
    return soak_report.Finding(what="properties (hypothesis)", outcome=outcome, verdict=tally.verdict)


def captures() -> soak_report.Finding:
    """Play every real capture through a pty into a running gateway, beside what gpsd made of it."""
    what = "real captures through a pty into a running gateway"
    there = len(list(REAL_CAPTURES.glob("*.log")))
    if not there:
        return soak_report.Finding(what=what, outcome="the captures are not here", verdict=soak_report.Verdict.NOT_RUN)
    tally = run("tests/integration/gateway/test_replay.py", "-k", "gives_what_gpsd_made_of_it")
    outcome = f"{there} captures, `gpsd_compare --full --excuse-edges`: {tally.words}"
    is_held = tally.verdict is soak_report.Verdict.HELD and tally.passed == there
    return soak_report.held(what, outcome, is_held=is_held)


def links() -> soak_report.Finding:
    """Lose 10 to 30 % of the packets, swallow all of them in each direction, take the interface down, kill the broker."""
    tally = run("tests/system/test_bad_links.py")
    return soak_report.Finding(
        what="10, 20, 30 % of packets lost and the broker killed; dark links",
        outcome=tally.words,
        verdict=tally.verdict,
    )


def crashes(rounds: int) -> soak_report.Finding:
    """Kill ingest, broker, database and gateway with -9 in the middle of a run, again and again."""
    passed = 0
    for number in range(rounds):
        print(f"  crash round {number + 1} of {rounds}", flush=True)
        passed += run("tests/system/test_crashes.py").verdict is soak_report.Verdict.HELD
    outcome = f"{passed} of {rounds} rounds: every fix that the gateway took is a row exactly once"
    return soak_report.held("kill -9 of ingest, broker, database, gateway", outcome, is_held=passed == rounds)


def run(*arguments: str, **environ: str) -> Tally:
    """Run pytest, which tells its progress on the screen."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "junit.xml"
        command = [sys.executable, "-m", "pytest", "-v", "--no-header", "-p", "no:cacheprovider", "--timeout=900"]
        done = subprocess.run(
            [*command, f"--junitxml={record}", *arguments],
            cwd=ROOT,
            env=os.environ | {"DRIVEOPS_SOAK": "1"} | environ,
            check=False,
        )
        if not record.exists():
            return Tally(passed=0, failed=1, skipped=0, reason=f"pytest ended with exit code {done.returncode}")
        return tally(ET.parse(record).getroot())


def tally(record: ET.Element) -> Tally:
    """Read pytest's JUnit record."""
    cases = list(record.iter("testcase"))
    failures = [bad for case in cases for bad in (*case.findall("failure"), *case.findall("error"))]
    skips = [skip for case in cases for skip in case.findall("skipped")]
    reasons = [each.get("message", "") for each in (*failures, *skips)]
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    return Tally(
        passed=len(cases) - failed - len(skips),
        failed=failed,
        skipped=len(skips),
        reason=reasons[0][:300] if reasons else "",
    )
