import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

from gateway import outbox, outbox_bounds


def test_every_press_that_was_confirmed_is_there_after_kill_9_and_no_number_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    confirmed: dict[str, int] = {}
    fix_seqs: list[int] = []
    for round_number in range(4):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.integration.gateway.press_writer", str(path)],
            stdout=subprocess.PIPE,
            text=True,
        ) as writer:
            assert writer.stdout is not None
            for _ in range(20 + 13 * round_number):
                press_id, seq, fix_seq = writer.stdout.readline().split()
                confirmed[press_id] = int(seq)
                fix_seqs.append(int(fix_seq))
            writer.kill()
            for line in writer.stdout:  # what it had confirmed before the signal reached it
                if line.endswith("\n"):
                    press_id, seq, fix_seq = line.split()
                    confirmed[press_id] = int(seq)
                    fix_seqs.append(int(fix_seq))

    box = outbox.Outbox(path, now=dt.datetime.now(dt.UTC), bounds=outbox_bounds.Bounds(most_fixes=100_000))
    kept = {json.loads(payload)["id"]: seq for seq, payload in box.presses()}

    assert confirmed.items() <= kept.items()
    assert len(set(kept.values())) == len(kept)
    assert fix_seqs == sorted(set(fix_seqs))
    assert {item.seq for item in box.fixes_between(after=-1, upto=2**62, limit=100_000) or ()} >= set(fix_seqs)
