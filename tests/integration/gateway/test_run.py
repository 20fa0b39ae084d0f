import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.wire import control, topics
from tests.fixtures.broker import RunningBroker
from tests.integration.gateway import ends
from tests.integration.gateway.ends import eventually

MakeBox = Callable[..., ends.Box]


def test_a_fix_travels_from_the_line_to_the_server_and_leaves_the_outbox(
    box: ends.Box, line: ends.Line, server: ends.Server
) -> None:
    line.second("101112.00")

    eventually(lambda: len(server.fixes) == 1, "the fix arrives")
    fix = server.fixes[0]
    assert (fix["t"], fix["lat"], fix["alt"], fix["fix"]) == ("2026-03-01T10:11:12.000Z", 48.858333333, 35.2, 3)
    assert box.stop() == 0
    assert "everything is acknowledged" in box.log()


def test_a_press_is_told_received_then_acknowledged_then_resolved(
    box: ends.Box, line: ends.Line, server: ends.Server
) -> None:
    line.second("101112.00")
    eventually(lambda: len(server.fixes) == 1, "the fix arrives")

    line.say("PDOP,PRESS,F1,7,83,-61")
    eventually(lambda: line.told() == ["PDOP,ACK,F1,7,RECEIVED"], "the fob is told RECEIVED")
    eventually(lambda: len(server.presses) == 1, "the press arrives")
    for state in ("open", "acknowledged", "resolved"):
        server.notify(control.AlertNotice(alert_id=uuid.uuid4(), state=state, by="Ann", fob="F1"))
    eventually(lambda: len(line.told()) == 3, "the lamp is lit twice more")

    press = server.presses[0]
    assert (press["kind"], press["fob"], press["bat"], press["clock"]) == ("press", "F1", 83.0, "gps")
    assert press["fix"]["lat"] == 48.858333333
    assert 0 <= press["fix_age_s"] < 20
    assert line.told()[1:] == ["PDOP,ACK,F1,7,ACKNOWLEDGED", "PDOP,ACK,F1,7,RESOLVED"]


def test_a_press_repeated_by_its_fob_is_answered_again_and_sent_once(
    box: ends.Box, line: ends.Line, server: ends.Server
) -> None:
    for _ in range(3):
        line.say("PDOP,PRESS,F1,7,83,-61")
    line.say("PDOP,PRESS,F1,8,83,-61")

    answers = ["PDOP,ACK,F1,7,RECEIVED", "PDOP,ACK,F1,8,RECEIVED"]
    eventually(lambda: sorted(set(line.told())) == answers, "both are answered")
    line.say("PDOP,PRESS,F1,8,83,-61")
    eventually(lambda: line.told().count(answers[1]) == 2, "it is answered again")
    eventually(lambda: len(server.presses) == 2, "two presses arrive")
    assert box.stop() == 0
    assert len({press["id"] for press in server.presses}) == 2


def test_a_press_is_heard_without_any_fix(box: ends.Box, line: ends.Line, server: ends.Server) -> None:
    line.say("PDOP,DOWN,F2,1,,")

    eventually(lambda: len(server.presses) == 1, "the press arrives")
    assert server.presses[0]["kind"] == "man_down"
    assert server.presses[0]["fix"] is None
    assert server.presses[0]["clock"] == "ntp"
    assert "button of fob F2: man_down" in box.log()


def test_a_garbled_press_is_not_answered_so_that_the_fob_repeats_it(
    box: ends.Box, line: ends.Line, server: ends.Server
) -> None:
    line.write(b"$PDOP,PRESS,F1,7,83,-61*00\r\n")
    line.say("PDOP,PRESS,F1,7,83,-61")

    eventually(lambda: len(server.presses) == 1, "the repeat arrives")
    assert line.told() == ["PDOP,ACK,F1,7,RECEIVED"]
    assert box.stop() == 0


def test_what_is_read_without_a_broker_is_sent_when_it_comes_presses_first_and_newest_first(
    make_box: MakeBox, line: ends.Line, broker: RunningBroker
) -> None:
    box = make_box(line)
    broker.kill()
    box.start()
    box.says("no broker at 127.0.0.1")
    box.says("is open at")
    for second in range(30):
        line.second(f"1011{second:02d}.00")
    for number in (1, 2, 3):
        line.say(f"PDOP,PRESS,F1,{number},83,-61")
    eventually(lambda: len(line.told()) == 3, "the fob is told RECEIVED without any network")

    broker.start()
    server = ends.Server(broker.port, broker.password("ingest"))
    eventually(lambda: len(server.times()) == 30 and len(server.presses) == 3, "all of it arrives")
    eventually(lambda: "backlog   0 rows" in box.status().stdout, "all of it is acknowledged")
    server.close()

    assert [press["seq"] for press in server.presses] == sorted(
        (press["seq"] for press in server.presses), reverse=True
    )
    assert [lane for lane in server.lanes if lane != "status"][:3] == ["panic"] * 3
    assert len(server.batches) == 1


def test_rows_stay_until_they_are_acknowledged_and_go_again_after_a_reconnect(
    box: ends.Box, line: ends.Line, server: ends.Server, broker: RunningBroker
) -> None:
    server.acknowledges = False
    line.second("101112.00")
    line.say("PDOP,PRESS,F1,7,83,-61")
    eventually(lambda: len(server.fixes) == 1 and len(server.presses) == 1, "both arrive")

    server.acknowledges = True
    broker.restart()
    box.says("is lost")
    eventually(lambda: len(server.fixes) >= 2 and len(server.presses) >= 2, "both arrive again")
    eventually(lambda: "backlog   0 rows" in box.status().stdout, "both are acknowledged")

    assert len({fix["seq"] for fix in server.fixes}) == 1
    assert len({press["id"] for press in server.presses}) == 1


@pytest.mark.timeout(150)
def test_kill_9_of_the_gateway_and_of_the_broker_lose_nothing_that_was_read(
    make_box: MakeBox, line: ends.Line, server: ends.Server, broker: RunningBroker
) -> None:
    box = make_box(line)
    for part in range(4):
        box.start()
        eventually(lambda part=part: box.log().count("is open at") > part, "the port is open")  # type: ignore[misc]
        for second in range(15):
            line.second(f"10{part}0{second:02d}.00")
            if part == 1 and second == 7:
                broker.kill()
            if part == 2 and second == 7:
                broker.start()
        line.say(f"PDOP,PRESS,F1,{part},83,-61")
        eventually(lambda part=part: len(line.told()) > part, "the press is safe")  # type: ignore[misc]
        box.kill()
    box.start()

    expected = [f"2026-03-01T10:{part}0:{second:02d}.000Z" for part in range(4) for second in range(15)]
    # What the broker answered and then lost with its memory is sent again after 30 s without an acknowledgement.
    eventually(lambda: len({press["id"] for press in server.presses}) == 4, "every press arrives", limit_s=45)
    eventually(lambda: "backlog   0 rows" in box.status().stdout, "all is acknowledged", limit_s=45)
    # The last seconds before a kill stood open, as nothing had come after them that ends them.
    still_open = {f"2026-03-01T10:{part}0:{second}.000Z" for part in range(4) for second in (13, 14)}
    assert set(expected) - set(server.times()) <= still_open
    assert len({fix["seq"] for fix in server.fixes}) == len(server.times())


def test_sigterm_says_goodbye_and_keeps_what_waits(
    box: ends.Box, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    server.acknowledges = False
    line.second("101112.00")
    eventually(lambda: len(server.fixes) == 1, "the fix arrives")

    assert box.stop() == 0

    eventually(lambda: server.statuses[-1]["online"] is False, "it says that it goes offline")
    assert server.statuses[-1]["backlog"] == 1  # its own words, not the last will
    assert "1 rows wait in the outbox" in box.log()
    assert box.status().returncode == 1


def test_kill_9_lets_the_last_will_speak(box: ends.Box, server: ends.Server) -> None:
    eventually(lambda: any(status["online"] for status in server.statuses), "it is online")

    box.kill()

    eventually(lambda: server.statuses[-1]["online"] is False, "the broker tells that it is gone")


def test_the_status_tells_ports_fobs_and_fix(box: ends.Box, line: ends.Line, server: ends.Server) -> None:
    line.say("PDOP,ALIVE,F1,1,83,-61")
    line.second("101112.00")

    eventually(lambda: bool(server.statuses) and server.statuses[-1]["gps"] == "3d", "the fix is told")
    assert server.statuses[-1]["ports"] == {"line0": "open"}
    eventually(lambda: "fob       F1: heard" in box.status().stdout, "the fob is told")
    assert "fix       3d" in box.status().stdout


def test_commands_are_answered_with_their_ids(box: ends.Box, line: ends.Line, server: ends.Server) -> None:
    def ask(command_id: str, name: control.CommandName, **arguments: object) -> dict[str, object]:
        server.command(control.Command(id=command_id, name=name, arguments=arguments))
        eventually(lambda: any(reply["id"] == command_id for reply in server.replies), f"an answer to {command_id}")
        return next(reply for reply in server.replies if reply["id"] == command_id)

    assert ask("1", control.CommandName.LOCATE)["ok"] is False
    line.second("101110.00")
    eventually(lambda: len(server.fixes) == 1, "the fix arrives")
    assert ask("2", control.CommandName.INTERVAL, seconds=60)["ok"] is True
    line.second("101111.00")
    line.second("101112.00")
    eventually(lambda: "3 fixes" in box.status().stdout, "they are read")
    assert len(server.fixes) == 1
    assert ask("3", control.CommandName.LOCATE)["ok"] is True
    eventually(lambda: server.times() == ["2026-03-01T10:11:10.000Z", "2026-03-01T10:11:12.000Z"], "the newest is sent")
    assert "line0 open" in str(ask("4", control.CommandName.IDENTIFY)["detail"])
    assert ask("5", control.CommandName.INTERVAL, seconds="x")["ok"] is False


def test_what_cannot_be_understood_from_the_server_is_said_and_does_no_harm(
    box: ends.Box, line: ends.Line, server: ends.Server
) -> None:
    server.send(topics.Lane.ACK, b"{")
    server.send(topics.Lane.COMMAND, b'{"id": "1", "name": "dance"}')

    box.says("a message on ack is not understood")
    box.says("no such command: 'dance'")
    eventually(lambda: [reply["id"] for reply in server.replies] == ["1"], "it is answered all the same")
    line.second("101112.00")
    eventually(lambda: len(server.fixes) == 1, "the fix arrives")


def test_a_port_that_is_missing_or_unplugged_is_said_once_and_used_when_it_is_there(
    make_box: MakeBox, tmp_path: Path, server: ends.Server
) -> None:
    first = ends.Line(tmp_path / "receiver")
    box = make_box(first)
    first.unplug()
    box.start()
    box.says("receiver is not there; trying again")
    second = ends.Line(tmp_path / "receiver")
    box.says("receiver is open at 9600 baud")
    second.second("101112.00")
    eventually(lambda: len(server.fixes) == 1, "the fix arrives")
    second.unplug()
    box.says("receiver was unplugged")
    third = ends.Line(tmp_path / "receiver")
    eventually(lambda: box.log().count("is open at 9600 baud") == 2, "it is open again")
    third.second("101113.00")
    eventually(lambda: len(server.times()) == 2, "the next fix arrives")
    third.unplug()

    assert box.log().count("was unplugged") == 1


def test_a_wrong_password_is_said_once_and_nothing_is_lost(make_box: MakeBox, line: ends.Line) -> None:
    box = make_box(line, password="wrong")
    box.start()

    box.says("refuses demo/van-01: ")
    box.says("the password is wrong or the device is not registered")
    box.says("is open at")
    line.second("101112.00")
    line.say("PDOP,PRESS,F1,7,83,-61")
    eventually(lambda: line.told() == ["PDOP,ACK,F1,7,RECEIVED"], "the press is safe")
    assert box.stop() == 0
    assert box.log().count("refuses demo/van-01") == 1


def test_two_gateways_on_one_outbox_are_refused(box: ends.Box, tmp_path: Path) -> None:
    run = ends.gateway("run", "--config", str(tmp_path / "gateway.toml"))

    assert run.returncode == 1
    assert "another gateway (pid " in run.stderr
    assert box.stop() == 0


def test_two_gateways_of_one_name_say_so_and_lose_no_press(
    box: ends.Box, broker: RunningBroker, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    folder = tmp_path / "twin"
    folder.mkdir()
    other = ends.Line(folder / "line")
    twin = ends.Box(folder, ends.configuration(folder, broker.port, broker.password(ends.USER), other))
    try:
        twin.start()
        twin.says("is open at")
        box.says("(Session taken over): another gateway connects as demo/van-01")
        line.say("PDOP,PRESS,F1,7,83,-61")
        other.say("PDOP,PRESS,F2,8,83,-61")
        eventually(lambda: {press["fob"] for press in server.presses} == {"F1", "F2"}, "both presses arrive")
        assert twin.stop() == 0
    finally:
        twin.kill()
        other.unplug()


def test_several_receivers_back_each_other_up_and_no_instant_is_told_twice(
    make_box: MakeBox, line: ends.Line, server: ends.Server, tmp_path: Path
) -> None:
    other = ends.Line(tmp_path / "second")
    box = make_box(line, other)
    box.start()
    eventually(lambda: box.log().count("is open at") == 2, "both are open")
    line.second("101110.00")
    eventually(lambda: len(server.fixes) == 1, "the first leads")
    for second in (10, 11):
        other.second(f"1011{second}.00", lat="4851.6000")
    line.second("101111.00")
    eventually(lambda: len(server.fixes) == 2, "the next is told once")

    stamps = (f"1012{number // 100:02d}.{number % 100:02d}" for number in range(0, 6_000, 5))

    def second_took_over() -> bool:
        other.second(next(stamps), lat="4851.6000")
        return any(fix["lat"] == 48.86 for fix in server.fixes)

    eventually(second_took_over, "the second takes over when the first is silent")
    eventually(
        lambda: sorted(server.statuses[-1]["ports"].values()) == ["open, lead", "open, no fix"], "the status says so"
    )
    box.says("has had no fix for")
    other.unplug()

    assert [fix["lat"] for fix in server.fixes[:2]] == [48.858333333] * 2
    assert len(server.times()) == len(server.fixes)
