import argparse
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import soak, soak_report, soak_tests
from bench.soak_report import Verdict

ORDER = ["first", "second", "third"]
_FAILED = '<testcase><failure message="1 is not 2"/></testcase>'
_SKIPPED = '<testcase><skipped message="no /dev/net/tun"/></testcase>'


def text_of(name: str, outcome: str) -> str:
    finding = soak_report.held("a claim", outcome, is_held=True)
    return soak_report.section(name, "About it.", "`a command`, a day.", [finding])


def chosen(report: Path) -> argparse.Namespace:
    return argparse.Namespace(report=report, seed=7)


def made_run(name: str, verdict: Verdict) -> soak.Run:
    finding = soak_report.Finding(what=name, outcome="as it was", verdict=verdict)
    return soak.Run(name=name, about="About it.", options=("seed",), play=lambda _: finding)


def test_a_section_is_replaced_alone_and_stands_in_its_place(tmp_path: Path) -> None:
    report = tmp_path / "soak.md"
    for name in ("third", "first", "second"):
        soak_report.replace(report, name, text_of(name, f"{name}, old"), ORDER)
    before = report.read_text()

    soak_report.replace(report, "second", text_of("second", "second, new"), ORDER)

    assert report.read_text() == before.replace("second, old", "second, new")
    assert [line for line in before.splitlines() if line.startswith("## ")] == ["## first", "## second", "## third"]


def test_a_section_that_no_run_writes_any_more_goes(tmp_path: Path) -> None:
    report = tmp_path / "soak.md"
    soak_report.replace(report, "former", text_of("former", "x"), ["former"])

    soak_report.replace(report, "first", text_of("first", "x"), ORDER)

    assert "former" not in report.read_text()


def test_an_outcome_of_several_lines_with_bars_stays_one_cell() -> None:
    assert "| a claim | one \\| two three | held |" in text_of("first", "one | two\n  three")


def test_a_run_that_raises_did_not_hold_and_the_others_are_played(tmp_path: Path) -> None:
    def burst(_: argparse.Namespace) -> soak_report.Finding:
        raise RuntimeError("the gateway does not read line 3")

    bad = soak.Run(name="first", about="About it.", options=(), play=burst)
    report = tmp_path / "soak.md"

    findings = soak.play([bad, made_run("second", Verdict.HELD)], chosen(report), order=ORDER)

    assert [each.verdict for each in findings] == [Verdict.FAILED, Verdict.HELD]
    assert "RuntimeError: the gateway does not read line 3 | **did not hold** |" in report.read_text()
    assert "`python -m bench.soak --only second --seed 7`" in report.read_text()


@pytest.mark.parametrize(
    ("cases", "verdict", "words"),
    [
        ("<testcase/><testcase/>", Verdict.HELD, "2 passed"),
        (f"<testcase/>{_FAILED}", Verdict.FAILED, "1 passed, 1 failed: 1 is not 2"),
        (f"<testcase/>{_SKIPPED}", Verdict.FAILED, "1 passed, 1 skipped: no /dev/net/tun"),
        (_SKIPPED, Verdict.NOT_RUN, "0 passed, 1 skipped: no /dev/net/tun"),
        ("", Verdict.FAILED, "0 passed"),
    ],
)
def test_only_tests_that_all_ran_and_passed_hold(cases: str, verdict: Verdict, words: str) -> None:
    tally = soak_tests.tally(ET.fromstring(f"<testsuites><testsuite>{cases}</testsuite></testsuites>"))

    assert (tally.verdict, tally.words) == (verdict, words)


def test_a_test_that_fails_at_its_end_as_well_counts_once() -> None:
    tally = soak_tests.tally(ET.fromstring('<s><testcase><failure message="a"/><error message="b"/></testcase></s>'))

    assert (tally.passed, tally.failed) == (0, 1)


def test_the_command_plays_one_run_and_ends_with_1_where_it_did_not_hold(tmp_path: Path) -> None:
    report = tmp_path / "soak.md"
    command = [sys.executable, "-m", "bench.soak", "--report", str(report)]

    good = subprocess.run(
        [*command, "--only", "sentences", "--only", "traced", "--count", "2000"],
        capture_output=True,
        text=True,
        check=False,
    )
    of_both = report.read_text()
    nothing_traced = subprocess.run([*command, "--only", "traced", "--count", "0"], capture_output=True, check=False)
    of_second = report.read_text()

    assert (good.returncode, nothing_traced.returncode) == (0, 1)
    assert "sentences: 0 of 2,000" in good.stdout
    assert "[2/2] traced: held" in good.stdout
    assert "2,000 sentences, no exception" in of_both
    assert "| **did not hold** |" not in of_both
    assert of_second.partition("## traced")[0] == of_both.partition("## traced")[0]
    assert "0 fixes, none invented | **did not hold** |" in of_second
