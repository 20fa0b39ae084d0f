import uuid
from collections.abc import Callable

from domain.wire import control, topics
from domain.wire.control import CommandName
from tests.integration.gateway import ends
from tests.integration.gateway.ends import eventually

MakeBox = Callable[..., ends.Box]

SPARING = "report_interval_s = 3600"


def started(make_box: MakeBox, line: ends.Line, more: str = SPARING) -> ends.Box:
    box = make_box(line, more=more)
    box.start()
    box.says("connected to the broker")
    box.says("is open at")
    return box


def seconds(line: ends.Line, first: int, last: int) -> None:
    for second in range(first, last + 1):
        line.second(f"1011{second:02d}.00")


def read(box: ends.Box, line: ends.Line, first: int, last: int) -> None:
    """Say these seconds, which follow those before, and wait until the gateway has read them."""
    seconds(line, first, last)
    eventually(lambda: f"{last + 1} fixes" in box.status().stdout, "they are read")


def stamps(*numbers: int) -> list[str]:
    return [f"2026-03-01T10:11:{number:02d}.000Z" for number in numbers]


def test_interval_changes_how_often_a_fix_is_sent(box: ends.Box, line: ends.Line, server: ends.Server) -> None:
    seconds(line, 0, 1)
    eventually(lambda: server.times() == stamps(0, 1), "every fix")

    assert server.ask("1", CommandName.INTERVAL, seconds=5) == {"id": "1", "ok": True, "detail": "a fix every 5 s"}
    seconds(line, 2, 12)
    eventually(lambda: server.times() == stamps(0, 1, 6, 11), "one in five seconds")
    assert server.ask("2", CommandName.INTERVAL, seconds="often")["ok"] is False
    assert server.ask("3", CommandName.INTERVAL, seconds=0)["detail"] == "every fix"
    seconds(line, 13, 14)
    eventually(lambda: server.times() == stamps(0, 1, 6, 11, 13, 14), "every fix again")

    assert box.stop() == 0


def test_locate_sends_the_newest_fix_once(make_box: MakeBox, line: ends.Line, server: ends.Server) -> None:
    box = started(make_box, line)
    assert server.ask("1", CommandName.LOCATE) == {"id": "1", "ok": False, "detail": "there has been no fix yet"}
    read(box, line, 0, 4)

    for number in (2, 3):
        assert str(server.ask(str(number), CommandName.LOCATE)["detail"]).startswith("sent; the fix is ")

    eventually(lambda: server.times() == stamps(0, 4), "the newest arrives")
    assert box.stop() == 0
    assert len(server.fixes) == 2


def test_upload_sends_what_was_asked_for_of_the_last_hour_also_after_a_restart(
    make_box: MakeBox, line: ends.Line, server: ends.Server
) -> None:
    box = started(make_box, line)
    read(box, line, 0, 30)
    assert server.times() == stamps(0)

    asked = {"from": stamps(10)[0], "to": stamps(20)[0]}
    assert server.ask("1", CommandName.UPLOAD, **asked) == {"id": "1", "ok": True, "detail": "11 fixes"}
    eventually(lambda: server.times() == stamps(0, *range(10, 21)), "they arrive")
    assert box.stop() == 0

    box.start()
    box.says("connected to the broker", times=2)
    assert server.ask("2", CommandName.UPLOAD, **{"from": stamps(25)[0]})["detail"] == "6 fixes"
    eventually(lambda: server.times() == stamps(0, *range(10, 21), *range(25, 31)), "they arrive as well")
    assert server.ask("3", CommandName.UPLOAD) == {"id": "3", "ok": False, "detail": "from is not an ISO 8601 time"}
    eventually(lambda: "backlog   0 rows" in box.status().stdout, "all is acknowledged")


def test_restart_is_answered_first_and_loses_nothing(make_box: MakeBox, line: ends.Line, server: ends.Server) -> None:
    box = started(make_box, line)
    server.acknowledges = False
    line.say("PDOP,PRESS,F1,7,83,-61")
    eventually(lambda: len(server.presses) == 1, "the press arrives")

    assert server.ask("1", CommandName.RESTART) == {"id": "1", "ok": True, "detail": "restarting"}
    server.acknowledges = True
    box.says("connected to the broker", times=2)
    eventually(lambda: len(server.presses) == 2, "the press goes again")
    server.command(control.Command(id="1", name=CommandName.RESTART))  # as MQTT may
    eventually(lambda: len(server.replies) == 2, "the same command is answered again")
    assert "gateway " in server.ask("2", CommandName.IDENTIFY)["detail"]

    assert box.stop() == 0
    assert box.log().count("stopped; ") == 2
    assert len({press["id"] for press in server.presses}) == 1


def test_identify_tells_who_it_is(box: ends.Box, server: ends.Server) -> None:
    reply = server.ask("1", CommandName.IDENTIFY)

    assert reply["ok"] is True
    assert f" {ends.TENANT}/{ends.DEVICE}, up " in reply["detail"]
    assert "ports: line0 " in reply["detail"]
    assert box.stop() == 0


def test_a_command_that_comes_twice_is_carried_out_once(
    make_box: MakeBox, line: ends.Line, server: ends.Server
) -> None:
    box = started(make_box, line)
    read(box, line, 0, 9)

    for _ in range(2):
        server.command(control.Command(id="1", name=CommandName.UPLOAD, arguments={"from": stamps(5)[0]}))
    eventually(lambda: [reply["detail"] for reply in server.replies] == ["5 fixes"] * 2, "both are answered")
    eventually(lambda: server.times() == stamps(0, 5, 6, 7, 8, 9), "they arrive")

    assert box.stop() == 0
    assert len(server.fixes) == 6


def test_while_an_alert_is_open_every_second_is_sent(make_box: MakeBox, line: ends.Line, server: ends.Server) -> None:
    box = started(make_box, line)
    read(box, line, 0, 3)
    assert server.times() == stamps(0)

    line.say("PDOP,PRESS,F1,7,83,-61")
    seconds(line, 4, 6)
    eventually(lambda: server.times() == stamps(0, 4, 5, 6), "each second is sent")
    for state in ("acknowledged", "resolved"):
        server.notify(control.AlertNotice(alert_id=uuid.uuid4(), state=state, by="Ann", fob="F1"))
        eventually(lambda state=state: any(state.upper() in told for told in line.told()), "it is heard")  # type: ignore[misc]
        if state == "acknowledged":
            seconds(line, 7, 8)
            eventually(lambda: server.times() == stamps(0, 4, 5, 6, 7, 8), "still each second")
    read(box, line, 9, 12)

    assert box.stop() == 0
    assert server.times() == stamps(0, 4, 5, 6, 7, 8)


def test_a_turn_and_a_stop_are_sent_by_the_rules_of_the_configuration(
    make_box: MakeBox, line: ends.Line, server: ends.Server
) -> None:
    box = started(make_box, line, more="[reporting]")

    def second(number: int, knots: float, course: float) -> None:
        line.say(f"GPRMC,1011{number:02d}.00,A,4851.5000,N,00217.1000,E,{knots:.1f},{course:.1f},010326,,,A")

    for number, (knots, course) in enumerate([(10, 90), (10, 90), (10, 90), (10, 120), (10, 120), (0, 120), (0, 120)]):
        second(number, knots, course)
    eventually(lambda: "7 fixes" in box.status().stdout, "they are read")

    eventually(lambda: server.times() == stamps(0, 2, 3, 4, 5), "the turn and the stop, each with the fix before")
    assert box.stop() == 0


def test_a_command_that_waited_at_the_broker_is_answered(
    make_box: MakeBox, line: ends.Line, server: ends.Server
) -> None:
    box = started(make_box, line)
    assert box.stop() == 0
    server.command(control.Command(id="1", name=CommandName.IDENTIFY))

    box.start()

    eventually(lambda: [reply["id"] for reply in server.replies] == ["1"], "it is answered, once")
    assert box.stop() == 0


def test_a_command_that_comes_again_after_a_crash_gets_its_first_answer(
    make_box: MakeBox, line: ends.Line, server: ends.Server
) -> None:
    box = started(make_box, line)
    read(box, line, 0, 4)
    assert str(server.ask("1", CommandName.LOCATE)["detail"]).startswith("sent; the fix is ")
    box.kill()

    box.start()
    box.says("connected to the broker", times=2)
    server.command(control.Command(id="1", name=CommandName.LOCATE))

    eventually(lambda: len(server.replies) == 2, "it is answered again")
    assert server.replies[0] == server.replies[1]
    assert box.stop() == 0


def test_a_command_that_makes_no_sense_is_answered_with_what_is_wrong(box: ends.Box, server: ends.Server) -> None:
    for payload in (b'{"id": "1"}', b'{"id": "2", "name": 5}', b'{"id": "3", "name": "dance"}', b"{", b'{"id": 5}'):
        server.send(topics.Lane.COMMAND, payload)
    server.ask("4", CommandName.IDENTIFY)

    told = {reply["id"]: (reply["ok"], reply["detail"]) for reply in server.replies if reply["id"] != "4"}
    assert told == {
        "1": (False, "name is missing"),
        "2": (False, "name is not a string of 1 to 128 characters"),
        "3": (False, "no such command: 'dance'"),
    }
    assert box.stop() == 0
