"""Phones beside trouble: what waits, what is too much and who guesses hold up no call for help and fill no memory."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from db import sender_queue, sender_tokens
from domain import geo, telemetry
from ingest import errors
from ingest.senders import commits, gate, http_app, intake, reports, store
from tests.fixtures.broker import RunningBroker
from tests.fixtures.ingest import IngestFactory
from tests.integration.ingest.conftest import Acme
from tests.integration.ingest.test_phones import FIXES, NOW, PHONE, listening, location, register, wait_for
from tests.integration.ingest.test_sender_queue import until
from tests.integration.stack import mqtt_probe

_CLIENTS_PROXY = "X-Forwarded-For"


def fill_queue(acme: Acme) -> None:
    """So much that no more is taken, of a shard that there is not, so that nobody takes it away."""
    with psycopg.connect(acme.database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO sender_queue (tenant_id, received_at, shard, topic, payload)"
            " SELECT %s, now(), 99, '', '' FROM generate_series(1, %s)",
            [acme.tenant_id, sender_queue.MOST_WAITING],
        )


def empty_queue(acme: Acme) -> None:
    with psycopg.connect(acme.database.owner_dsn) as connection:
        connection.execute("DELETE FROM sender_queue WHERE shard = 99")


def test_an_sos_of_a_phone_that_is_new_does_not_wait_for_commits_that_hang(
    acme: Acme, make_ingest: IngestFactory
) -> None:
    listener = listening(acme, make_ingest)
    other = register(acme, "phone-2")
    refused = list[int]()

    async def post(client: httpx.AsyncClient) -> None:
        answer = await client.get(listener.url, params={"id": listener.token, "lat": 1, "lon": 2})
        refused.append(answer.status_code)

    async def steps() -> None:
        limits = httpx.Limits(max_connections=600)
        async with httpx.AsyncClient(timeout=60, limits=limits) as client, asyncio.TaskGroup() as group:
            posts = [group.create_task(post(client)) for _ in range(http_app.MOST_AT_ONCE + 50)]
            # As many hang in the database as may, and those beyond are told to come again.
            await until(lambda: len(refused) >= len(posts) - commits.MOST_WAITING)
            call = group.create_task(client.get(listener.url, params=sos(other)))
            await until(lambda: bool(acme.select("SELECT FROM alert")))
            assert not all(each.done() for each in posts), "some have hung meanwhile"
            holding.rollback()
            await call

    with psycopg.connect(acme.database.owner_dsn) as holding:
        holding.execute("LOCK TABLE sender_queue IN ACCESS EXCLUSIVE MODE")
        asyncio.run(steps())


def test_a_stop_ends_in_time_though_phones_commits_hang(acme: Acme, make_ingest: IngestFactory) -> None:
    listener = listening(acme, make_ingest)
    with psycopg.connect(acme.database.owner_dsn) as holding, ThreadPoolExecutor(1) as thread:
        holding.execute("LOCK TABLE sender_queue, fix IN ACCESS EXCLUSIVE MODE")
        position: dict[str, str | int] = {"id": listener.token, "lat": 1, "lon": 2}
        waiting = thread.submit(httpx.get, listener.url, params=position, timeout=60)
        waits = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'sender_queue'::regclass"
        wait_for(lambda: bool(acme.select(waits)))

        assert listener.process.stop() == 0

        assert waiting.exception() is not None or waiting.result().status_code >= 500, (
            "it is told nothing that is not true"
        )


def sos(token: str) -> dict[str, str]:
    return {"id": token, "alarm": "sos"}


def test_who_guesses_through_a_proxy_keeps_no_phone_behind_it_from_calling(
    acme: Acme, make_ingest: IngestFactory
) -> None:
    listener = listening(acme, make_ingest)

    with httpx.Client() as guesser:
        answers = [
            guesser.get(listener.url, params={"id": f"guess-{guess}"}, headers={_CLIENTS_PROXY: "203.0.113.9"})
            for guess in range(int(gate.GUESSES_AT_ONCE) * 2)
        ]
        assert answers[-1].status_code == 429
        call = guesser.get(listener.url, params=sos(listener.token), headers={_CLIENTS_PROXY: "198.51.100.7"})

    assert call.status_code == 200


@pytest.mark.usefixtures("ingest")
def test_while_too_much_waits_owntracks_waits_at_the_broker(acme: Acme, broker: RunningBroker) -> None:
    register(acme)
    fill_queue(acme)
    with mqtt_probe.connected(broker, f"acme/{PHONE}") as phone:
        phone.publish(f"owntracks/acme/{PHONE}", json.dumps(location()).encode())
        phone.publish(f"owntracks/acme/{PHONE}", json.dumps({"_type": "lwt", "tst": 1}).encode())
        # What comes by another session, and later, has passed by meanwhile.
        for number in range(20):
            phone.publish(f"driveops/v1/acme/{PHONE}/status", f'{{"t":"{NOW.isoformat()}","online":{number}}}'.encode())
        wait_for(lambda: len(acme.select("SELECT FROM reject")) == 20)
        assert len(acme.select("SELECT FROM sender_queue WHERE shard <> 99")) == 0
        assert acme.select("SELECT FROM device_status") == acme.select(FIXES) == []
        empty_queue(acme)

        wait_for(lambda: len(acme.select(FIXES)) == 1)


def test_a_message_that_cannot_be_committed_ends_nothing(acme: Acme) -> None:
    def delivery(alt_m: float) -> intake.Delivery:
        fix = telemetry.Fix(time=NOW, position=geo.Position(60, 24), alt_m=alt_m)
        report = reports.Report(fixes=(fix,))
        return intake.Delivery(sender=("acme", "van-000"), topic="t", payload=b"", received_at=NOW, report=report)

    async def steps() -> None:
        at = store.Store(acme.database.backend_dsn, name="test")
        committing = commits.Commits(at)
        running = asyncio.create_task(committing.run())
        try:
            async with asyncio.timeout(20):
                with pytest.raises(errors.DatabaseAwayError):
                    await committing.take(delivery(float("inf")))
                assert await committing.take(delivery(5.0)) is intake.Fate.TAKEN
        finally:
            running.cancel()
            await at.close()

    asyncio.run(steps())


def test_known_tokens_are_remembered_whatever_is_guessed(acme: Acme) -> None:
    token = register(acme)
    asked: list[str] = []

    async def find(word: str) -> sender_tokens.Holder | None:
        asked.append(word)
        if word != token:
            return None
        with psycopg.connect(acme.database.backend_dsn) as connection:
            return sender_tokens.find(connection, word)

    async def steps() -> None:
        at = gate.Gate(find, lambda: 0.0)
        await at.holder(token, "10.0.0.1")
        for guess in range(gate._MOST_REMEMBERED + 1):
            await at.holder(f"guess {guess}", f"address {guess}")
        holder, wait_s = await at.holder(token, "10.0.0.1")
        assert holder is not None
        assert not wait_s

    asyncio.run(steps())
    assert asked.count(token) == 1
