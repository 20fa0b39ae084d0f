from collections.abc import Callable
from pathlib import Path

import pytest

from domain.wire import control, fields
from gateway import answered, commands, reporting, reporting_rules

located: list[None] = []


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], commands.Commands]:
    def locate() -> float:
        located.append(None)
        return 1.5

    located.clear()
    return lambda: commands.Commands(
        past=answered.Answered(tmp_path / "answered.json"),
        reports=reporting.Reporting(reporting_rules.Rules()),
        locate=locate,
        upload=lambda arguments: (True, f"{arguments['from']}"),
        describe=lambda: "a box",
    )


def payload(command_id: str, name: str, **arguments: object) -> bytes:
    return fields.dump({"id": command_id, "name": name, **arguments})


@pytest.mark.parametrize(
    ("name", "arguments", "ok", "detail"),
    [
        ("interval", {"seconds": 5}, True, "a fix every 5 s"),
        ("interval", {"seconds": 0}, True, "every fix"),
        ("interval", {"seconds": -1}, False, "seconds must be a number from 0 to 86400"),
        ("interval", {"seconds": True}, False, "seconds must be a number from 0 to 86400"),
        ("locate", {}, True, "sent; the fix is 1.5 s old"),
        ("upload", {"from": "x"}, True, "x"),
        ("identify", {}, True, "a box"),
        ("restart", {}, True, "restarting"),
        ("dance", {}, False, "no such command: 'dance'"),
    ],
)
def test_each_command_is_answered(
    make: Callable[[], commands.Commands], name: str, arguments: dict[str, object], *, ok: bool, detail: str
) -> None:
    assert make().answer(payload("7", name, **arguments)) == control.Reply(id="7", ok=ok, detail=detail)


def test_a_command_that_comes_twice_is_answered_twice_and_carried_out_once(
    make: Callable[[], commands.Commands],
) -> None:
    orders = make()

    replies = [orders.answer(payload("7", "locate")) for _ in range(2)]

    assert replies[0] == replies[1]
    assert len(located) == 1


def test_a_restart_that_comes_again_after_it_is_not_done_again(make: Callable[[], commands.Commands]) -> None:
    before = make()
    before.answer(payload("7", "restart"))
    assert before.restart_is_asked

    after = make()

    assert after.answer(payload("7", "restart")).detail == "restarting"
    assert not after.restart_is_asked


def test_a_broken_memory_of_answers_is_no_obstacle(make: Callable[[], commands.Commands], tmp_path: Path) -> None:
    (tmp_path / "answered.json").write_text('[{"id": 5}')

    assert make().answer(payload("7", "identify")).ok


def test_a_message_without_an_id_has_no_answer(make: Callable[[], commands.Commands]) -> None:
    with pytest.raises(fields.WireError, match="id is missing"):
        make().answer(b'{"name": "locate"}')
