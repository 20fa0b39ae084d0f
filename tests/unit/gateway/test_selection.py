import datetime as dt

from domain import geo, telemetry
from gateway import selection

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def fix(second: float, *, mode: telemetry.FixMode = telemetry.FixMode.THREE_D, hdop: float = 1.0) -> telemetry.Fix:
    return telemetry.Fix(time=NOW + dt.timedelta(seconds=second), position=geo.Position(1.0, 2.0), mode=mode, hdop=hdop)


def used(*offers: tuple[str, telemetry.Fix, float]) -> list[tuple[str, float]]:
    choice = selection.Selection()
    return [
        (name, (offered.time - NOW).total_seconds())
        for name, offered, mono_s in offers
        if choice.offer(name, offered, mono_s=mono_s)
    ]


def test_the_first_receiver_leads_and_the_other_stands_by() -> None:
    assert used(("a", fix(1), 1.0), ("b", fix(1), 1.1), ("a", fix(2), 2.0), ("b", fix(2), 2.1)) == [
        ("a", 1.0),
        ("a", 2.0),
    ]


def test_another_takes_over_when_the_lead_is_silent_and_repeats_no_instant() -> None:
    offers = [("a", fix(1), 1.0), ("b", fix(1), 3.6), ("b", fix(2), 3.7), ("b", fix(3), 4.7), ("a", fix(4), 5.0)]

    assert used(*offers) == [("a", 1.0), ("b", 2.0), ("b", 3.0)]


def test_a_clearly_better_receiver_takes_over_after_some_fixes() -> None:
    offers = []
    for second in range(1, 9):
        offers += [("a", fix(second, mode=telemetry.FixMode.TWO_D), second + 0.0), ("b", fix(second), second + 0.1)]

    assert used(*offers) == [
        ("a", 1.0),
        ("a", 2.0),
        ("a", 3.0),
        ("a", 4.0),
        ("a", 5.0),
        ("b", 6.0),
        ("b", 7.0),
        ("b", 8.0),
    ]


def test_a_slightly_better_receiver_does_not() -> None:
    offers = []
    for second in range(1, 20):
        offers += [("a", fix(second, hdop=1.5), second + 0.0), ("b", fix(second, hdop=0.9), second + 0.1)]

    assert {name for name, _ in used(*offers)} == {"a"}


def test_a_receiver_that_is_better_only_now_and_then_does_not() -> None:
    offers = []
    for second in range(1, 40):
        hdop = 3.0 if second % 3 else 1.0
        offers += [("a", fix(second, hdop=hdop), second + 0.0), ("b", fix(second), second + 0.1)]

    assert {name for name, _ in used(*offers)} == {"a"}
