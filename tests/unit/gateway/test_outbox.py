import dataclasses
import datetime as dt
import json
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain import geo, telemetry
from domain.wire import control, fixes, topics
from gateway import outbox, outbox_bounds, outbox_memory
from tests import presses

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
FIXES, PANIC = topics.Lane.FIXES, topics.Lane.PANIC


def fix(second: int) -> telemetry.Fix:
    return telemetry.Fix(
        time=NOW + dt.timedelta(seconds=second), position=geo.Position(48.5, 2.25), speed_mps=float(second % 500)
    )


def opened(folder: Path, now: dt.datetime = NOW, most_fixes: int = 1_000) -> outbox.Outbox:
    return outbox.Outbox(folder / "outbox.db", now=now, bounds=outbox_bounds.Bounds(most_fixes=most_fixes))


def rows(box: outbox.Outbox) -> list[fixes.Numbered]:
    found = box.fixes_between(after=-1, upto=2**62, limit=100_000)
    assert found is not None
    return found


def waiting(box: outbox.Outbox) -> list[telemetry.Fix]:
    return [item.fix for item in rows(box)]


def write(box: outbox.Outbox, now_s: float = 0.0) -> list[int]:
    """What the writer's thread does each time."""
    durable = box.write_presses(now_s=now_s)
    box.write_fixes(now_s=now_s, now=NOW)
    return durable


def acknowledge(box: outbox.Outbox, lane: topics.Lane, *ranges: tuple[int, int]) -> None:
    box.acknowledge(control.LaneAck(lane=lane, seq=ranges[-1][1], ranges=ranges))


@contextmanager
def a_full_disk(box_path: Path) -> Iterator[None]:
    """No file may grow past what the outbox has: the kernel refuses its writes as a full disk does."""
    largest = max(path.stat().st_size for path in box_path.parent.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_was_kept_is_there_after_a_restart_in_order(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.add_fixes([fix(1), fix(2)])
    kept = box.add_press(presses.unnumbered(NOW), number=7).press
    box.close()

    again = opened(tmp_path)

    assert waiting(again) == [fix(1), fix(2)]
    assert [seq for seq, _ in again.presses()] == [kept.seq]
    assert json.loads(again.presses()[0][1])["id"] == str(kept.id)
    assert again.backlog == 3


def test_only_what_an_acknowledgement_covers_goes(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.add_fixes([fix(second) for second in range(6)])
    seqs = [item.seq for item in rows(box)]

    acknowledge(box, FIXES, (seqs[0], seqs[1]))
    write(box)
    acknowledge(box, FIXES, (seqs[4], seqs[4]))

    assert [item.fix for item in rows(box)] == [fix(2), fix(3), fix(5)]
    write(box)
    assert [item.fix for item in rows(box)] == [fix(2), fix(3), fix(5)]
    assert (box.backlog, box.acknowledged_fixes) == (3, 3)


def test_an_acknowledgement_without_ranges_covers_its_own_number_alone(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.add_fixes([fix(second) for second in range(3)])
    seqs = [item.seq for item in rows(box)]

    box.acknowledge(control.LaneAck(lane=FIXES, seq=seqs[1]))

    assert waiting(box) == [fix(0), fix(2)]


def test_an_acknowledgement_of_one_lane_leaves_the_other(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.add_fixes([fix(1)])
    box.add_press(presses.unnumbered(NOW), number=1)

    acknowledge(box, PANIC, (0, 2**62))

    assert (len(waiting(box)), box.presses()) == (1, [])


def test_no_number_is_given_twice_even_if_every_row_went_and_the_clock_went_back(tmp_path: Path) -> None:
    given: list[int] = []
    for start in range(3):
        box = opened(tmp_path, now=NOW - dt.timedelta(days=400 * start))
        box.add_fixes([fix(1), fix(2)])
        given += [item.seq for item in rows(box)]
        acknowledge(box, FIXES, (0, 2**62))
        box.close()

    assert given == sorted(set(given))


def test_a_lost_file_does_not_bring_old_numbers_back(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.add_fixes([fix(second) for second in range(500)])
    newest = box.newest_fix_seq
    box.close()
    for path in tmp_path.iterdir():
        path.unlink()

    again = opened(tmp_path, now=NOW + dt.timedelta(seconds=500))

    assert again.newest_fix_seq > newest


def test_numbers_are_exact_in_json_readers_that_know_doubles_only(tmp_path: Path) -> None:
    assert opened(tmp_path, now=dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).newest_fix_seq < 2**53 - 10**9


def test_a_repeated_press_of_a_fob_is_one_press(tmp_path: Path) -> None:
    box = opened(tmp_path)
    first = box.add_press(presses.unnumbered(NOW), number=7)

    again = box.add_press(presses.unnumbered(NOW + dt.timedelta(seconds=9)), number=7)

    assert (first.is_new, again.is_new) == (True, False)
    assert again.press.id == first.press.id
    assert len(box.presses()) == 1


def test_a_repeated_press_is_known_after_a_restart(tmp_path: Path) -> None:
    box = opened(tmp_path)
    first = box.add_press(presses.unnumbered(NOW), number=7)
    box.close()

    again = opened(tmp_path).add_press(presses.unnumbered(NOW + dt.timedelta(seconds=9)), number=7)

    assert (again.is_new, again.press.id) == (False, first.press.id)


@pytest.mark.parametrize(("clock", "is_new"), [(telemetry.Clock.NTP, True), (telemetry.Clock.GPS, False)])
def test_what_seems_a_repeat_from_before_a_power_cut_is_one_only_by_the_receivers_time(
    tmp_path: Path, clock: telemetry.Clock, *, is_new: bool
) -> None:
    box = opened(tmp_path)
    box.add_press(presses.unnumbered(NOW), number=1)
    box.close()
    booted = outbox.Outbox(tmp_path / "outbox.db", now=NOW, bounds=outbox_bounds.USUAL, up_s=20.0)

    kept = [booted.add_press(dataclasses.replace(presses.unnumbered(NOW), clock=clock), number=1) for _ in range(2)]

    assert [each.is_new for each in kept] == [is_new, False]
    assert booted.last_number("F1") == 1


@pytest.mark.parametrize(
    ("other", "number"),
    [
        (presses.unnumbered(NOW), 8),
        (presses.unnumbered(NOW, fob="F2"), 7),
        (presses.unnumbered(NOW, kind=telemetry.PressKind.CANCEL), 7),
        (presses.unnumbered(NOW + outbox.REPEAT_WINDOW + dt.timedelta(seconds=1)), 7),
        (presses.unnumbered(NOW), None),
    ],
    ids=["next number", "another fob", "another kind", "later", "no number"],
)
def test_what_only_resembles_a_repeat_is_a_press_of_its_own(
    tmp_path: Path, other: telemetry.Press, number: int | None
) -> None:
    box = opened(tmp_path)
    box.add_press(presses.unnumbered(NOW), number=7)

    assert box.add_press(other, number=number).is_new
    assert len(box.presses()) == 2


def test_the_last_number_of_a_fob_is_known(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.add_press(presses.unnumbered(NOW), number=7)
    box.add_press(presses.unnumbered(NOW + dt.timedelta(minutes=2)), number=8)

    assert (box.last_number("F1"), box.last_number("F9")) == (8, None)


def test_too_many_fixes_are_thinned_from_the_oldest_and_counted_but_presses_stay(tmp_path: Path) -> None:
    box = opened(tmp_path, most_fixes=100)
    for number in range(5):
        box.add_press(presses.unnumbered(NOW), number=number)
    for second in range(400):
        box.add_fixes([fix(second)])
        write(box)

    kept = [int((item.time - NOW).total_seconds()) for item in waiting(box)]

    assert 75 <= len(kept) <= 100
    assert box.thinned == 400 - len(kept)
    assert kept[-50:] == list(range(350, 400))
    assert min(kept) < 40
    assert len(box.presses()) == 5


def test_a_full_disk_is_said_and_what_comes_is_kept_in_memory_and_written_when_there_is_room(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.add_fixes([fix(1)])
    with a_full_disk(tmp_path / "outbox.db"):
        box.add_fixes([fix(second) for second in range(2, 400)])
        kept = box.add_press(presses.unnumbered(NOW), number=1)
        durable = write(box)
        trouble, backlog = box.trouble, box.backlog
        readable = [seq for seq, _ in box.presses()]

    durable_later = write(box, now_s=100.0)

    assert trouble is not None
    assert (durable, durable_later) == ([], [kept.press.seq])
    assert readable == [kept.press.seq]
    assert backlog == 400
    assert box.trouble is None
    box.close()
    assert waiting(opened(tmp_path)) == [fix(second) for second in range(1, 400)]


def test_a_press_in_memory_can_be_acknowledged(tmp_path: Path) -> None:
    box = opened(tmp_path)
    with a_full_disk(tmp_path / "outbox.db"):
        box.add_fixes([fix(second) for second in range(400)])
        kept = box.add_press(presses.unnumbered(NOW), number=1)
        write(box)
        acknowledge(box, PANIC, (kept.press.seq, kept.press.seq))
    write(box, now_s=100.0)

    assert box.presses() == []


def test_a_press_with_a_number_higher_than_the_store_counts_is_kept_like_any_other(tmp_path: Path) -> None:
    box = opened(tmp_path)

    kept = box.add_press(presses.unnumbered(NOW), number=2**63)

    assert (kept.is_new, write(box)) == (True, [kept.press.seq])
    assert box.trouble is None
    box.close()
    assert [seq for seq, _ in opened(tmp_path).presses()] == [kept.press.seq]


def test_an_outbox_whose_folder_cannot_be_made_starts_in_memory(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")

    box = opened(tmp_path / "state")
    box.add_fixes([fix(1)])
    before = (bool(box.trouble), waiting(box))
    (tmp_path / "state").unlink()
    write(box, now_s=100.0)

    assert before == (True, [fix(1)])
    assert (box.trouble, waiting(box)) == (None, [fix(1)])


def test_memory_keeps_the_newest_fixes_and_counts_the_rest(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    box = opened(tmp_path / "state")

    box.add_fixes([fix(second) for second in range(outbox_memory.MOST_FIXES + 10)])

    assert (box.backlog, box.dropped) == (outbox_memory.MOST_FIXES, 10)


def test_a_torn_file_is_put_aside_and_what_can_be_read_is_carried_over(tmp_path: Path) -> None:
    kept = _torn(tmp_path)

    again = opened(tmp_path)

    assert again.trouble is None
    assert sorted(seq for seq, _ in again.presses()) == [item.seq for item in kept]
    assert 1_000 < len(waiting(again)) < 4_000
    assert (tmp_path / "outbox.db.torn").exists()
    assert again.newest_fix_seq > max(item.seq for item in rows(again))


def test_a_press_that_was_durable_goes_into_the_replacement_of_a_file_that_tears_while_it_is_in_use(
    tmp_path: Path,
) -> None:
    box = opened(tmp_path)
    kept = box.add_press(presses.unnumbered(NOW), number=1)
    durable = write(box)
    for path in tmp_path.iterdir():
        path.write_bytes(b"\xaa" * path.stat().st_size)
    troubles = set()
    for second in range(100):
        box.add_fixes([fix(second)])
        write(box, now_s=0.01 * second)
        troubles.add(box.trouble)
    write(box, now_s=10_000.0)
    box.close()

    again = opened(tmp_path)

    assert durable == [kept.press.seq]
    assert len(troubles) == 2
    assert [seq for seq, _ in again.presses()] == [kept.press.seq]


@pytest.mark.parametrize("cut_at", range(3))
def test_a_power_cut_while_a_torn_file_is_replaced_costs_no_press(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_at: int
) -> None:
    kept = [item.seq for item in _torn(tmp_path)]
    (tmp_path / "outbox.db-wal").write_bytes(b"\xaa" * 5_000)
    renames = iter(range(100))
    rename = Path.replace

    def cut(path: Path, target: Path) -> Path:
        if next(renames) >= cut_at:
            raise OSError("the power is gone")
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", cut)
        assert opened(tmp_path).trouble is not None

    again = opened(tmp_path)

    assert again.trouble is None
    assert [seq for seq, _ in again.presses()] == kept[::-1]


def test_a_half_written_replacement_is_begun_anew(tmp_path: Path) -> None:
    kept = [item.seq for item in _torn(tmp_path)]
    (tmp_path / "outbox.db.new").write_bytes(b"SQLite format 3\x00 and no more")

    assert [seq for seq, _ in opened(tmp_path).presses()] == kept[::-1]


def test_torn_files_do_not_replace_each_other(tmp_path: Path) -> None:
    for content in (b"first" * 1_000, b"second" * 1_000):
        (tmp_path / "outbox.db").write_bytes(content)
        opened(tmp_path).close()

    assert (tmp_path / "outbox.db.torn").read_bytes()[:5] == b"first"
    assert (tmp_path / "outbox.db.torn.2").read_bytes()[:6] == b"second"


def test_a_file_of_something_else_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"not a database at all" * 1_000)

    box = opened(tmp_path)
    box.add_fixes([fix(1)])

    assert box.trouble is None
    assert waiting(box) == [fix(1)]
    assert (tmp_path / "outbox.db.torn").exists()


def test_a_row_that_cannot_be_read_is_dropped_and_does_not_stop_the_others(tmp_path: Path) -> None:
    box = opened(tmp_path)
    box.add_fixes([fix(1), fix(2), fix(3)])
    box.close()
    with sqlite3.connect(tmp_path / "outbox.db") as raw:
        raw.execute("UPDATE fix SET body = x'7b22' WHERE seq = (SELECT seq FROM fix LIMIT 1 OFFSET 1)")
    raw.close()

    again = opened(tmp_path)

    assert waiting(again) == [fix(1), fix(3)]
    write(again)
    assert again.backlog == 2


@pytest.mark.parametrize("was_open", [False, True])
def test_only_its_user_can_read_an_outbox(tmp_path: Path, *, was_open: bool) -> None:
    folder = tmp_path / "state"
    if was_open:
        opened(folder).close()
        folder.chmod(0o755)
        (folder / "outbox.db").chmod(0o644)
    box = opened(folder)
    box.add_press(presses.unnumbered(NOW), number=1)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}

    assert modes == {
        "state": 0o755 if was_open else 0o700,
        "outbox.db": 0o600,
        "outbox.db-wal": 0o600,
        "outbox.db-shm": 0o600,
    }


def test_a_fix_from_before_gps_has_no_place(tmp_path: Path) -> None:
    box = opened(tmp_path)

    box.add_fixes([telemetry.Fix(time=dt.datetime(1980, 1, 5, tzinfo=dt.UTC), position=geo.Position(0.0, 0.0))])

    assert box.backlog == 0


def _torn(folder: Path) -> list[telemetry.Press]:
    """An outbox of three presses and 4 000 fixes, torn in the middle; the presses."""
    box = opened(folder, most_fixes=100_000)
    kept = [box.add_press(presses.unnumbered(NOW), number=number).press for number in range(3)]
    for start in range(0, 4_000, 500):
        box.add_fixes([fix(second) for second in range(start, start + 500)])
    box.close()
    path = folder / "outbox.db"
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20_000] = b"\xaa" * 20_000
    path.write_bytes(content)
    _forget_clean_close(path)
    return kept


def _forget_clean_close(path: Path) -> None:
    raw = sqlite3.connect(path)
    raw.execute("DELETE FROM closed")
    raw.commit()
    raw.close()
