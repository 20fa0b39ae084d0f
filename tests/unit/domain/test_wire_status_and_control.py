import contextlib
import itertools
import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import telemetry
from domain.wire import control, fields, fixes, status, topics
from tests.unit.domain import wire_strategies as ws

words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
ranges = st.lists(ws.seqs, unique=True).map(control.ranges_of)
noise = st.binary() | ws.json_values.map(lambda v: json.dumps(v).encode())


@given(ws.statuses)
def test_a_status_is_read_back_as_it_was_written(value: telemetry.Status) -> None:
    assert status.decode(status.encode(value)) == value


@given(st.sampled_from(control.ACK_LANES), ws.seqs, st.none() | ranges)
def test_an_ack_is_read_back(lane: topics.Lane, seq: int, runs: tuple[tuple[int, int], ...] | None) -> None:
    ack = control.LaneAck(lane=lane, seq=seq, ranges=runs)

    assert control.decode_ack(control.encode_ack(ack)) == ack


@given(st.uuids(), words, st.none() | words, st.none() | words)
def test_an_alert_notice_is_read_back(alert_id: uuid.UUID, state: str, by: str | None, fob: str | None) -> None:
    notice = control.AlertNotice(alert_id=alert_id, state=state, by=by, fob=fob)

    assert control.decode_ack(control.encode_notice(notice)) == notice


@given(words, st.sampled_from(control.CommandName))
def test_a_command_and_its_reply_are_read_back(command_id: str, name: control.CommandName) -> None:
    command = control.Command(id=command_id, name=name, arguments={"seconds": 5})
    reply = control.Reply(id=command_id, ok=False, detail="no")

    assert control.decode_command(control.encode_command(command)) == command
    assert control.decode_reply(control.encode_reply(reply)) == reply


@given(noise)
def test_noise_raises_nothing_but_a_wire_error(payload: bytes) -> None:
    for decode in (status.decode, control.decode_ack, control.decode_command, control.decode_reply):
        with contextlib.suppress(fields.WireError):
            decode(payload)


@given(st.lists(st.integers(0, 60)))
def test_ranges_cover_exactly_the_numbers_they_are_made_of(seqs: list[int]) -> None:
    runs = control.ranges_of(seqs)

    assert [n for first, last in runs for n in range(first, last + 1)] == sorted(set(seqs))
    assert all(later[0] > earlier[1] + 1 for earlier, later in itertools.pairwise(runs))


@pytest.mark.parametrize("bad", [[[2, 1]], [[-1, 3]], [[0, fixes.HIGHEST_SEQ + 1]], [[1]], [1, 2], "1-2", [["1", "2"]]])
def test_ranges_of_another_form_are_refused(bad: object) -> None:
    with pytest.raises(fields.WireError, match="range"):
        control.decode_ack(json.dumps({"lane": "fixes", "seq": 9, "ranges": bad}).encode())


def test_an_unknown_command_is_named() -> None:
    with pytest.raises(fields.WireError, match="dance"):
        control.decode_command(b'{"id": "1", "name": "dance"}')
