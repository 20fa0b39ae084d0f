import datetime as dt
import json
import sys
from pathlib import Path

from domain import geo, telemetry
from domain.wire import fixes
from gateway import recording, uploads

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


def fix_at(second: float) -> telemetry.Fix:
    return telemetry.Fix(
        time=NOW + dt.timedelta(seconds=second), position=geo.Position(48.0 + second * 1e-5, 2.0), speed_mps=second % 30
    )


def held(record: recording.Recording) -> int:
    return sum(1 for _ in recording.between(record.pieces(), fixes.EARLIEST, fixes.LATEST))


def test_what_was_recorded_is_there_after_a_restart_but_for_a_torn_minute(tmp_path: Path) -> None:
    record = recording.Recording(tmp_path / "recent")
    for second in range(180):
        record.add([fix_at(second)], mono_s=float(second))
        record.tend(mono_s=float(second))
    record.flush()
    assert held(recording.Recording(tmp_path / "recent")) == 180

    torn = sorted((tmp_path / "recent").glob("*.fixes"))[1]
    torn.write_bytes(torn.read_bytes()[:20])

    assert 0 < held(recording.Recording(tmp_path / "recent")) < 180


def test_an_hour_at_10_hz_is_kept_in_a_few_megabytes_and_no_more(tmp_path: Path) -> None:
    record = recording.Recording(tmp_path)
    for second in range(90 * 60):
        record.add([fix_at(second + tenth / 10) for tenth in range(10)], mono_s=float(second))
        record.tend(mono_s=float(second))

    assert 36_000 <= held(record) <= 37_000
    assert sum(map(sys.getsizeof, record.pieces())) < 4_000_000
    assert len(list(tmp_path.glob("*.fixes"))) <= recording.MOST_PIECES


def test_without_a_disk_the_memory_serves(tmp_path: Path) -> None:
    (tmp_path / "recent").write_text("not a folder")
    record = recording.Recording(tmp_path / "recent")

    record.add([fix_at(0)], mono_s=0.0)
    record.tend(mono_s=60.0)

    assert held(record) == 1


def test_an_upload_goes_bit_by_bit_and_says_how_many(tmp_path: Path) -> None:
    record = recording.Recording(tmp_path)
    record.add([fix_at(second) for second in range(1_000)], mono_s=0.0)
    kept: list[telemetry.Fix] = []
    most_at_once = 0
    asked = uploads.Uploads(record, kept.extend)

    begin, end = fix_at(100).time.isoformat(), fix_at(699).time.isoformat()
    assert asked.ask({"from": begin, "to": end}) == (True, "600 fixes")
    for _ in range(5):
        before = len(kept)
        asked.step()
        most_at_once = max(most_at_once, len(kept) - before)

    assert kept == [fix_at(second) for second in range(100, 700)]
    assert most_at_once <= 250


def test_an_upload_that_cannot_be_done_says_why(tmp_path: Path) -> None:
    asked = uploads.Uploads(recording.Recording(tmp_path), lambda _fixes: None)

    assert asked.ask({}) == (False, "from is not an ISO 8601 time")
    assert asked.ask({"from": "2026-03-01T12:00:00"}) == (False, "from has no zone")
    assert asked.ask({"from": "2026-03-01T12:00:00Z", "to": 5}) == (False, "to is not an ISO 8601 time")
    assert asked.ask({"from": "2026-03-01T12:00:00Z", "to": "2026-03-01T11:00:00Z"}) == (False, "to is before from")
    assert asked.ask({"from": "2026-03-01T12:00:00Z"}) == (True, "0 fixes")


def test_kill_9_costs_no_more_than_two_seconds_of_the_minute_under_way(tmp_path: Path) -> None:
    record = recording.Recording(tmp_path / "recent")
    for second in range(40):
        record.add([fix_at(second)], mono_s=float(second))
        record.tend(mono_s=float(second))

    after = recording.Recording(tmp_path / "recent")
    assert 38 <= held(after) <= 40

    with (tmp_path / "recent" / "under-way.jsonl").open("ab") as torn:
        torn.write(b'{"t":"2026-03-01T12:00:40.000Z","lat":4')
    after = recording.Recording(tmp_path / "recent")
    known = held(after)
    for second in range(40, 200):
        after.add([fix_at(second)], mono_s=float(second))
        after.tend(mono_s=float(second))
    after.flush()
    bodies = list(recording.between(recording.Recording(tmp_path / "recent").pieces(), fixes.EARLIEST, fixes.LATEST))
    assert len(bodies) == known + 160
    assert [fixes.decode_fix(json.loads(body)).time for body in bodies[-160:]] == [
        fix_at(n).time for n in range(40, 200)
    ]


def test_restarts_do_not_break_the_hour_into_pieces(tmp_path: Path) -> None:
    for second in range(200):
        record = recording.Recording(tmp_path)
        record.add([fix_at(second)], mono_s=0.0)
        record.flush()

    assert held(recording.Recording(tmp_path)) == 200


def test_an_upload_under_way_is_begun_anew_after_a_restart(tmp_path: Path) -> None:
    record = recording.Recording(tmp_path)
    record.add([fix_at(second) for second in range(600)], mono_s=0.0)
    record.flush()
    asked = uploads.Uploads(record, lambda _fixes: None)
    asked.ask({"from": fix_at(100).time.isoformat(), "to": fix_at(499).time.isoformat()})
    asked.step()
    kept: list[telemetry.Fix] = []

    after = uploads.Uploads(recording.Recording(tmp_path), kept.extend)
    for _ in range(3):
        after.step()

    assert kept == [fix_at(second) for second in range(100, 500)]
    again: list[telemetry.Fix] = []
    done = uploads.Uploads(recording.Recording(tmp_path), again.extend)
    done.step()
    assert again == []


def test_a_broken_memory_of_uploads_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "uploads.json").write_text('[{"from": 5}, 7]')

    assert uploads.Uploads(recording.Recording(tmp_path), lambda _fixes: None).ask({"from": "2026-03-01T12:00:00Z"})[0]
