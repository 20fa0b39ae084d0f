"""What the database refuses: the batch is taken apart, the rest of it is stored."""

from collections.abc import Iterator

import psycopg
import pytest

from domain.wire import topics
from ingest import errors, worker
from tests.integration.ingest.conftest import Acme, OwnServer
from tests.integration.ingest.test_crashes import restart
from tests.integration.ingest.test_lanes import fix, fixes_of


@pytest.fixture
def hand(acme: Acme) -> Iterator[worker.Worker]:
    made = worker.Worker(acme.database.backend_dsn)
    made.connect()
    yield made
    made.close()


def commit(hand: worker.Worker, *messages: tuple[str, bytes]) -> worker.Outcome:
    """As the fixes lane does."""
    names = [topics.device_topic("acme", device, topics.Lane.FIXES).encode() for device, _ in messages]
    batch = hand.prepare(names, [payload for _, payload in messages], 1_800_000_000_000_000)
    try:
        return hand.commit(batch)
    except errors.BatchRefusedError:
        return hand.commit_in_parts(batch)


def test_rows_that_are_there_unknown_to_the_latest_position_stop_nothing(acme: Acme, hand: worker.Worker) -> None:
    commit(hand, ("van-000", fixes_of(fix(1, 0))), ("van-001", fixes_of(fix(1, 0))))
    with psycopg.connect(acme.database.owner_dsn) as connection:
        connection.execute(
            "INSERT INTO fix (time, lat, lon, seq, received_at, device_id, fix_mode)"
            " SELECT time + interval '10 s', lat, lon, 2, received_at, device_id, fix_mode FROM fix"
        )

    outcome = commit(hand, ("van-000", fixes_of(fix(2, 10), fix(3, 20))), ("van-001", fixes_of(fix(3, 15))))

    assert outcome.rejected == 0
    assert acme.stored() == [
        ("van-000", 1),
        ("van-000", 2),
        ("van-000", 3),
        ("van-001", 1),
        ("van-001", 2),
        ("van-001", 3),
    ]
    assert acme.select("SELECT seq FROM device_latest ORDER BY device_id") == [(3,), (3,)]
    assert acme.select("SELECT fixes FROM activity_hourly ORDER BY device_id") == [(3,), (3,)]


def test_a_device_that_is_removed_meanwhile_is_rejected_and_the_others_are_stored(
    acme: Acme, hand: worker.Worker
) -> None:
    names = [topics.device_topic("acme", device, topics.Lane.FIXES).encode() for device in acme.devices[:3]]
    batch = hand.prepare(names, [fixes_of(fix(1))] * 3, 1_800_000_000_000_000)
    with psycopg.connect(acme.database.owner_dsn) as connection:
        connection.execute("DELETE FROM device WHERE name = 'van-001'")
    with pytest.raises(errors.BatchRefusedError):
        hand.commit(batch)

    outcome = hand.commit_in_parts(batch)

    assert acme.stored() == [("van-000", 1), ("van-002", 1)]
    assert outcome.rejected == 1
    assert outcome.refused_seqs == {names[1]: [1]}


def test_a_payload_that_the_database_refuses_is_rejected_alone(acme: Acme, hand: worker.Worker) -> None:
    with psycopg.connect(acme.database.owner_dsn) as connection:
        connection.execute("ALTER TABLE fix ADD CONSTRAINT odd CHECK (seq <> 13)")

    outcome = commit(
        hand, *((device, fixes_of(fix(seq))) for device, seq in zip(acme.devices, range(10, 20), strict=True))
    )

    assert sorted(seq for _, seq in acme.stored()) == [10, 11, 12, 14, 15, 16, 17, 18, 19]
    assert outcome.rejected == 1
    [(reason,)] = acme.select("SELECT reason FROM reject")
    assert "odd" in reason


def test_a_batch_of_too_many_days_for_the_servers_locks_is_taken_apart(own_server: OwnServer) -> None:
    own, acme = own_server, own_server.acme
    with psycopg.connect(acme.database.owner_dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET max_locks_per_transaction = 10")
        connection.execute("ALTER SYSTEM SET max_connections = 20")
    own.server.stop()
    restart(own)
    hand = worker.Worker(acme.database.backend_dsn)
    hand.connect()
    day_s = 86_400
    # Each day is a chunk, each chunk several locks; the last payload alone needs more than there are.
    spread = [[7 * -day_s * (message * 10 + day) for day in range(10)] for message in range(19)]
    too_wide = [7 * -day_s * (190 + day) for day in range(500)]
    messages = [
        fixes_of(*(fix(message * 1_000 + index, second) for index, second in enumerate(sorted(seconds))))
        for message, seconds in enumerate([*spread, too_wide])
    ]

    outcome = commit(hand, *(("van-000", payload) for payload in messages), ("van-001", fixes_of(fix(1))))

    hand.close()
    assert outcome.rejected == 1
    assert len(acme.stored()) == 19 * 10 + 1
    assert ("van-001", 1) in acme.stored()
    [(reason,)] = acme.select("SELECT reason FROM reject")
    assert "max_locks_per_transaction" in reason


def test_a_lost_connection_is_told_and_the_same_batch_goes_in_afterwards(acme: Acme, hand: worker.Worker) -> None:
    names = [topics.device_topic("acme", "van-000", topics.Lane.FIXES).encode()]
    batch = hand.prepare(names, [fixes_of(fix(1))], 1_800_000_000_000_000)
    with psycopg.connect(acme.database.owner_dsn, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'driveops%'"
        )
    with pytest.raises(errors.DatabaseAwayError):
        hand.commit(batch)

    hand.connect()
    hand.commit(hand.prepare(names, [fixes_of(fix(1))], 1_800_000_000_000_000))

    assert acme.stored() == [("van-000", 1)]
