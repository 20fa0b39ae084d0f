import datetime as dt
from pathlib import Path

import pytest

from domain import geo, telemetry
from domain.wire import fixes
from gateway import outbox, outbox_bounds
from tests import presses

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def straight(count: int, start: dt.datetime = NOW) -> list[telemetry.Fix]:
    return [
        telemetry.Fix(
            time=start + dt.timedelta(seconds=second),
            position=geo.Position(48.5, 2.25),
            speed_mps=9.0,
            course_deg=90.0,
        )
        for second in range(count)
    ]


def opened(folder: Path, bounds: outbox_bounds.Bounds) -> outbox.Outbox:
    return outbox.Outbox(folder / "outbox.db", now=NOW, bounds=bounds)


def waiting(box: outbox.Outbox) -> list[fixes.Numbered]:
    found = box.fixes_between(after=-1, upto=2**62, limit=100_000)
    assert found is not None
    return found


def press(box: outbox.Outbox) -> None:
    box.add_press(presses.unnumbered(NOW), number=None)


def test_past_its_bytes_the_oldest_are_thinned(tmp_path: Path) -> None:
    most_bytes = 200_000
    box = opened(tmp_path, outbox_bounds.Bounds(most_fixes=1_000_000, most_bytes=most_bytes))
    for start in range(0, 4_000, 100):
        box.add_fixes(straight(100, NOW + dt.timedelta(seconds=start)))
        box.write_fixes(now_s=0.0, now=NOW)

    kept = [item.fix.time for item in waiting(box)]

    assert box.thinned == 4_000 - len(kept) > 0
    assert kept[-100:] == [NOW + dt.timedelta(seconds=second) for second in range(3_900, 4_000)]
    assert len(kept) * 70 < most_bytes < len(kept) * 300


def test_turns_and_stops_outlive_the_straight_stretches(tmp_path: Path) -> None:
    box = opened(tmp_path, outbox_bounds.Bounds(most_fixes=300))
    way = straight(1_000)
    for place in range(0, 1_000, 50):  # a stop of one second
        way[place] = telemetry.Fix(time=way[place].time, position=way[place].position, speed_mps=0.0)
    for start in range(0, 1_000, 100):
        box.add_fixes(way[start : start + 100])
        box.write_fixes(now_s=0.0, now=NOW)

    kept = {item.fix.time for item in waiting(box)}

    assert len(kept) <= 300
    assert {way[place].time for place in range(0, 1_000, 50)} <= kept


def test_where_every_fix_is_a_turn_the_bound_holds_all_the_same(tmp_path: Path) -> None:
    box = opened(tmp_path, outbox_bounds.Bounds(most_fixes=300))
    turning = [
        telemetry.Fix(time=each.time, position=each.position, speed_mps=9.0, course_deg=float(place * 90 % 360))
        for place, each in enumerate(straight(1_000))
    ]
    for start in range(0, 1_000, 100):
        box.add_fixes(turning[start : start + 100])
        box.write_fixes(now_s=0.0, now=NOW)

    assert 100 < len(waiting(box)) <= 300


@pytest.mark.parametrize(("days", "left"), [(3, 100), (11, 100), (9, 200)])
def test_fixes_older_than_the_longest_time_go_and_presses_stay(tmp_path: Path, days: int, left: int) -> None:
    later = NOW + dt.timedelta(days=days)
    box = opened(tmp_path, outbox_bounds.Bounds(most_fixes=1_000, longest=dt.timedelta(days=10 if days != 3 else 2)))
    press(box)
    box.add_fixes(straight(100))
    box.write_fixes(now_s=0.0, now=NOW)
    box.add_fixes(straight(100, later))
    box.write_fixes(now_s=1.0, now=later + dt.timedelta(seconds=100))

    assert len(waiting(box)) == left
    assert len(box.presses()) == 1


@pytest.mark.parametrize("step", [dt.timedelta(days=4_000), -dt.timedelta(days=4_000)], ids=["ahead", "back"])
def test_a_step_of_the_clock_neither_drops_nor_reorders(tmp_path: Path, step: dt.timedelta) -> None:
    box = opened(tmp_path, outbox_bounds.Bounds(most_fixes=1_000))
    for part, now in enumerate((NOW, NOW + step, NOW)):
        box.add_fixes(straight(100, NOW + dt.timedelta(seconds=100 * part)))
        press(box)
        box.write_presses(now_s=float(part))
        box.write_fixes(now_s=float(part), now=now)
    box.close()

    again = outbox.Outbox(tmp_path / "outbox.db", now=NOW + step, bounds=outbox_bounds.USUAL)

    assert [item.fix.time for item in waiting(again)] == [NOW + dt.timedelta(seconds=second) for second in range(300)]
    seqs = [seq for seq, _ in again.presses()]
    assert seqs == sorted(seqs, reverse=True)
    assert len(set(seqs)) == 3


def test_one_fix_of_a_far_date_does_not_cost_the_others(tmp_path: Path) -> None:
    box = opened(tmp_path, outbox_bounds.Bounds(most_fixes=1_000))
    box.add_fixes([*straight(100), *straight(1, NOW + dt.timedelta(days=4_000))])

    box.write_fixes(now_s=0.0, now=NOW)

    assert len(waiting(box)) == 101
