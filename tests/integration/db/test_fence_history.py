"""What happened at fences, read as the web role and by the command line, on filled tables of two companies."""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from db import engine, fence_history, geofences, tables
from domain import fences
from tests.fixtures.database import Database
from tests.integration.db.command_line import Done, Run
from tests.integration.db.two_tenants import NOW, PLACE, Tenant

HOUR = dt.timedelta(hours=1)
DAY = fence_history.Wanted(since=NOW - 12 * HOUR, until=NOW + 12 * HOUR)


@pytest.fixture
def reading(web: sa.Engine, ours: Tenant) -> Iterator[sa.Connection]:
    """A transaction of the first company's."""
    with engine.tenant_transaction(web, ours.id) as connection:
        yield connection


@pytest.fixture
def depot(owner: sa.Engine, ours: Tenant) -> uuid.UUID:
    with owner.connect() as connection:
        [fence] = geofences.of_tenant(connection, ours.id)
    return fence.id


def add_stay(owner: sa.Engine, ours: Tenant, depot: uuid.UUID, **values: object) -> uuid.UUID:
    made = uuid.uuid4()
    own = {"tenant_id": ours.id, "device_id": ours.device_id, "geofence_id": depot, "enter_reason": "count"}
    with owner.begin() as connection:
        connection.execute(sa.insert(tables.visit).values({**own, "id": made, **values}))
    return made


def add_event(owner: sa.Engine, ours: Tenant, depot: uuid.UUID, **values: object) -> None:
    own = {"tenant_id": ours.id, "device_id": ours.device_id, "geofence_id": depot, "received_at": NOW, **PLACE}
    with owner.begin() as connection:
        connection.execute(sa.insert(tables.geofence_event).values({**own, "decided_at": NOW, **values}))


class TestVisits:
    def test_are_told_with_reasons_duration_and_who_had_the_device(
        self, owner: sa.Engine, ours: Tenant, depot: uuid.UUID, reading: sa.Connection
    ) -> None:
        left = {"exited_at": NOW - HOUR, "exit_reason": "time", "dwelled_at": NOW - 1.5 * HOUR, "corrected_at": NOW}
        add_stay(owner, ours, depot, entered_at=NOW - 2 * HOUR, **left)

        (inside, over), mark = fence_history.visits(reading, ours.id, DAY)

        assert (inside.entered_at, inside.exited_at, inside.duration_s, inside.corrected_at) == (NOW, None, None, None)
        assert (over.fence, over.device, over.duration_s, over.corrected_at) == ("Depot", "van-01", 3600.0, NOW)
        assert (over.enter_reason, over.exit_reason, over.dwelled_at) == ("count", "time", left["dwelled_at"])
        assert (over.person, over.vehicle) == ("Aino Virtanen", "Van 01")
        assert mark is None

    def test_name_who_had_it_then_and_not_who_has_it_now(
        self, owner: sa.Engine, ours: Tenant, reading: sa.Connection
    ) -> None:
        with owner.begin() as connection:
            connection.execute(sa.update(tables.assignment).values(until=NOW))

        [[visit], _] = fence_history.visits(reading, ours.id, DAY)

        assert (visit.person, visit.vehicle) == (None, None)

    def test_that_began_before_are_told_if_they_reach_into_the_time(
        self, owner: sa.Engine, ours: Tenant, depot: uuid.UUID, reading: sa.Connection
    ) -> None:
        over = add_stay(owner, ours, depot, entered_at=NOW - 50 * HOUR, exited_at=NOW - 20 * HOUR, exit_reason="deep")

        def found(since: dt.datetime, until: dt.datetime) -> list[uuid.UUID]:
            wanted = fence_history.Wanted(since=since, until=until)
            return [each.id for each in fence_history.visits(reading, ours.id, wanted)[0]]

        assert found(NOW - 30 * HOUR, NOW - 25 * HOUR) == [over]
        assert found(NOW - 20 * HOUR, NOW) == []
        assert found(NOW - 60 * HOUR, NOW - 49 * HOUR) == [over]
        assert found(NOW - 60 * HOUR, NOW - 50 * HOUR) == []
        assert len(found(NOW + 100 * HOUR, NOW + 101 * HOUR)) == 1, "who is inside stays so"

    def test_come_page_by_page_each_once_though_many_begin_at_once(
        self, owner: sa.Engine, ours: Tenant, depot: uuid.UUID, reading: sa.Connection
    ) -> None:
        made = {
            add_stay(owner, ours, depot, entered_at=NOW - HOUR, exited_at=NOW, exit_reason="deep") for _ in range(5)
        }
        made.add(
            add_stay(owner, ours, depot, entered_at=NOW - 20 * HOUR, exited_at=NOW - 11 * HOUR, exit_reason="deep")
        )
        wanted = replace(DAY, most=2)
        pages: list[list[uuid.UUID]] = []

        while not pages or wanted.before is not None:
            page, mark = fence_history.visits(reading, ours.id, wanted)
            pages.append([each.id for each in page])
            wanted = replace(wanted, before=None if mark is None else fence_history.mark_of(str(mark)))

        assert [len(page) for page in pages] == [2, 2, 2, 1]
        assert made < {each for page in pages for each in page}
        assert len({each for page in pages for each in page}) == 7

    def test_of_another_company_are_none(self, theirs: Tenant, reading: sa.Connection) -> None:
        assert fence_history.visits(reading, theirs.id, DAY) == ([], None)
        assert fence_history.events(reading, theirs.id, DAY) == ([], None)


class TestEvents:
    def test_are_told_with_reason_and_marks_the_latest_first(
        self, owner: sa.Engine, ours: Tenant, depot: uuid.UUID, reading: sa.Connection
    ) -> None:
        more = {"speed_mps": 12.5, "late": True, "corrected_at": NOW + HOUR}
        add_event(owner, ours, depot, time=NOW - HOUR, kind="speeding", reason="speed", **more)

        (entered, speeding), _ = fence_history.events(reading, ours.id, DAY)

        assert (entered.kind, entered.reason, entered.late, entered.corrected_at) == ("entered", "deep", False, None)
        assert entered.visit_id is not None
        assert (speeding.kind, speeding.reason, speeding.speed_mps, speeding.late) == ("speeding", "speed", 12.5, True)
        assert (speeding.person, speeding.vehicle, speeding.corrected_at) == ("Aino Virtanen", "Van 01", NOW + HOUR)

    def test_are_narrowed_by_device_fence_kind_and_time(
        self, ours: Tenant, depot: uuid.UUID, reading: sa.Connection
    ) -> None:
        def count(**narrowed: object) -> int:
            return len(fence_history.events(reading, ours.id, replace(DAY, **narrowed))[0])  # type: ignore[arg-type]

        assert count(device_id=ours.device_id, fence_ids=[depot], kind=fences.EventKind.ENTERED) == 1
        assert count(device_id=ours.device_id + 1000) == 0
        assert count(fence_ids=[uuid.uuid4()]) == 0
        assert count(kind=fences.EventKind.EXITED) == 0
        assert (count(since=NOW), count(until=NOW)) == (1, 0)

    def test_come_page_by_page_each_once(
        self, owner: sa.Engine, ours: Tenant, depot: uuid.UUID, reading: sa.Connection
    ) -> None:
        for kind in ("exited", "dwelled", "crossed", "unauthorised"):
            add_event(owner, ours, depot, time=NOW, kind=kind, reason="deep")

        first, mark = fence_history.events(reading, ours.id, replace(DAY, most=3))
        second, last = fence_history.events(reading, ours.id, replace(DAY, most=3, before=mark))

        assert (len(first), len(second), last) == (3, 2, None)
        assert len({each.kind for each in (*first, *second)}) == 5


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00~1", "2026-03-01T12:00:00Z~\0"]
)
def test_a_mark_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(fence_history.MarkError):
        fence_history.mark_of(text)


class TestByCommand:
    TIME = ("--since", "2026-03-01T00:00:00Z", "--until", "2026-03-02T02:00:00+02:00")

    @pytest.fixture
    def ask(self, run: Run, database: Database, ours: Tenant, owner: sa.Engine, depot: uuid.UUID) -> Run:
        left = {"exited_at": NOW - HOUR, "exit_reason": "time", "corrected_at": NOW}
        add_stay(owner, ours, depot, entered_at=NOW - 2 * HOUR, **left)

        def asked(*words: str) -> Done:
            return run(database.owner_dsn, "fence", *words, "--tenant", "ours")

        return asked

    def test_stays_are_printed_one_a_line(self, ask: Run) -> None:
        done = ask("visits", *self.TIME)

        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines() == [
            "2026-03-01T12:00:00Z\t-\tinside\tvan-01\tDepot\tAino Virtanen, Van 01\tdeep -",
            "2026-03-01T10:00:00Z\t2026-03-01T11:00:00Z\t3600 s\tvan-01\tDepot\tAino Virtanen, Van 01\tcount time\tcorrected",
        ]

    def test_events_are_printed_one_a_line(self, ask: Run) -> None:
        done = ask("events", *self.TIME, "--device", "van-01", "--fence", "Depot", "--kind", "entered")

        assert (done.code, done.err) == (0, "")
        decided = "decided 2026-03-01T12:00:00Z"
        assert done.out == (
            f"2026-03-01T12:00:00Z\tentered\tdeep\tvan-01\tDepot\tAino Virtanen, Van 01\t-\t{decided}\n"
        )

    def test_json_is_as_the_api_has_it(self, ask: Run) -> None:
        [_, over] = [json.loads(line) for line in ask("visits", *self.TIME, "--json").out.splitlines()]
        [event] = [json.loads(line) for line in ask("events", *self.TIME, "--json").out.splitlines()]

        assert (over["entered_at"], over["duration_s"], over["enter_reason"]) == (
            "2026-03-01T10:00:00Z",
            3600.0,
            "count",
        )
        assert (event["kind"], event["decided_at"], event["corrected_at"]) == ("entered", "2026-03-01T12:00:00Z", None)

    def test_the_last_day_is_meant_where_nobody_says_when(
        self, ask: Run, owner: sa.Engine, ours: Tenant, depot: uuid.UUID
    ) -> None:
        now = dt.datetime.now(dt.UTC)
        add_event(owner, ours, depot, time=now - 23 * HOUR, kind="exited", reason="deep")
        add_event(owner, ours, depot, time=now - 25 * HOUR, kind="exited", reason="deep")

        assert len(ask("events").out.splitlines()) == 1

    def test_more_than_so_many_are_said_to_be_more(self, ask: Run) -> None:
        done = ask("visits", *self.TIME, "--most", "1")

        assert len(done.out.splitlines()) == 1
        assert "these are the latest 1: give --most" in done.err

    def test_that_it_was_read_is_in_the_audit(self, ask: Run, owner: sa.Engine) -> None:
        ask("visits", *self.TIME, "--device", "van-01", "--fence", "Depot")

        with owner.connect() as connection:
            book = tables.audit
            line = connection.execute(
                sa.select(book.c.act, book.c.subject, book.c.detail).order_by(book.c.id.desc())
            ).first()
        assert line is not None
        assert (line.act, line.subject) == ("track_read", "device van-01")
        assert (line.detail["what"], line.detail["geofence"]) == ("visits", "Depot")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("visits", "--device", "van-09"), "no device 'van-09'"),
            (("visits", "--fence", "Moon"), "there never was a geofence 'Moon'"),
            (("events", "--until", "0001-01-01T00:00:00Z"), "is not between"),
            (("events", "--since", "yesterday"), "'yesterday' is no time like 2026-03-01T08:00:00+02:00"),
            (("events", "--since", "2026-03-01T08:00:00"), "a time needs its zone"),
            (("events", "--since", "2026-03-02T00:00:00Z", "--until", "2026-03-01T00:00:00Z"), "before it begins"),
        ],
    )
    def test_what_can_not_be_meant_is_refused_in_a_sentence(self, ask: Run, words: tuple[str, ...], said: str) -> None:
        done = ask(*words)

        assert done.code == 1
        assert said in done.err
        assert done.out == ""
