import asyncio
import uuid

from db import sender_tokens
from domain import telemetry
from ingest.senders import gate, refusals

PHONE = sender_tokens.Holder(tenant="acme", ref=telemetry.DeviceRef(tenant_id=uuid.UUID(int=1), name="phone-1", id=1))


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Desk:
    """Knows one token, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.good = {"good"}

    async def find(self, token: str) -> sender_tokens.Holder | None:
        self.asked += 1
        return PHONE if token in self.good else None


class TestBuckets:
    def test_hold_so_many_and_fill_again(self) -> None:
        buckets = gate.Buckets(per_s=2.0, at_once=4.0)

        assert [buckets.take("a", 0.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.0, 0.5]
        assert buckets.take("b", 0.0) == 0.0
        assert buckets.take("a", 0.5) == 0.0
        assert buckets.take("a", 0.5) == 0.5
        assert [buckets.take("a", 100.0) for _ in range(5)] == [0.0, 0.0, 0.0, 0.0, 0.5]

    def test_asking_takes_nothing(self) -> None:
        buckets = gate.Buckets(per_s=1.0, at_once=1.0)

        assert [buckets.wait_s("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]


class TestGate:
    def test_remembers_a_token_for_seconds(self) -> None:
        clock, desk = Clock(), Desk()
        at = gate.Gate(desk.find, clock)

        async def run() -> None:
            for _ in range(10):
                assert await at.holder("good", "10.0.0.1") == (PHONE, 0.0)
            assert desk.asked == 1
            desk.good.clear()
            clock.now_s += gate.REMEMBER_S
            assert await at.holder("good", "10.0.0.1") == (None, 0.0)

        asyncio.run(run())

    def test_a_token_is_good_however_it_is_typed_and_asked_for_once(self) -> None:
        desk = Desk()
        at = gate.Gate(desk.find, Clock())

        async def run() -> None:
            assert await at.holder("good", "x") == (PHONE, 0.0)
            assert await at.holder("GO-OD", "x") == (PHONE, 0.0)
            assert desk.asked == 1

        asyncio.run(run())

    def test_who_guesses_waits_and_does_not_ask_the_database(self) -> None:
        clock, desk = Clock(), Desk()
        at = gate.Gate(desk.find, clock)

        async def run() -> None:
            assert await at.holder("good", "10.0.0.1") == (PHONE, 0.0)
            for guess in range(int(gate.GUESSES_AT_ONCE)):
                assert await at.holder(f"guess {guess}", "10.0.0.1") == (None, 0.0)
            asked = desk.asked
            holder, wait_s = await at.holder("another", "10.0.0.1")
            assert holder is None
            assert wait_s > 0
            assert desk.asked == asked
            # Neither another address nor who is known behind the same one has to wait.
            assert await at.holder("another", "10.0.0.2") == (None, 0.0)
            clock.now_s += gate.REMEMBER_S
            for guess in range(int(gate.GUESSES_AT_ONCE)):
                await at.holder(f"more {guess}", "10.0.0.1")
            assert await at.holder("good", "10.0.0.1") == (PHONE, 0.0)

        asyncio.run(run())

    def test_a_token_of_any_length_costs_nothing(self) -> None:
        desk = Desk()

        async def run() -> None:
            assert await gate.Gate(desk.find, Clock()).holder("x" * 10_000, "10.0.0.1") == (None, 0.0)

        asyncio.run(run())
        assert desk.asked == 0


def test_a_refused_message_is_counted_for_each_sender_and_forgotten_at_last() -> None:
    known = refusals.Refusals()

    assert [known.note(("acme", "a"), b"bad") for _ in range(3)] == [1, 2, 3]
    assert known.note(("acme", "b"), b"bad") == 1
    assert known.note(("acme", "a"), b"worse") == 1
    for number in range(refusals._MOST_REMEMBERED):
        known.note(("acme", "c"), str(number).encode())
    assert known.times(("acme", "a"), b"bad") == 0
