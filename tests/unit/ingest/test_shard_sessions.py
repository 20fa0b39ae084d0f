from typing import Any
from unittest import mock

import pytest

from ingest import settings, shard_sessions


@pytest.fixture
def subscribers(monkeypatch: pytest.MonkeyPatch) -> list[mock.Mock]:
    """The sessions that are made, none of which connects."""
    made: list[mock.Mock] = []

    def make(*_: Any, **__: Any) -> mock.Mock:
        made.append(mock.Mock(name=f"session {len(made)}"))
        return made[-1]

    monkeypatch.setattr("ingest.subscriber.Subscriber", make)
    monkeypatch.setattr("ingest.senders.queue_session.QueueSession.start", lambda _: None)
    return made


def test_a_shard_that_moves_here_while_reading_pauses_is_not_read_before_the_others(
    subscribers: list[mock.Mock],
) -> None:
    sessions = shard_sessions.ShardSessions(
        settings.Settings(database_url="", broker=mock.Mock(spec=settings.Broker)), on_messages=mock.Mock()
    )
    sessions.open({0})
    sessions.pause()
    sessions.open({0, 1})

    assert subscribers[1].method_calls == [mock.call.pause(), mock.call.start()]

    sessions.resume()
    sessions.open({0, 1, 2})

    assert [each.method_calls[-1] for each in subscribers] == [
        mock.call.resume(),
        mock.call.resume(),
        mock.call.start(),
    ]
    assert subscribers[2].method_calls == [mock.call.start()]
