"""Signing in over HTTP against a real database: what is let in, and what is not."""

import asyncio
import datetime as dt
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pwdlib
import pytest
import sqlalchemy as sa

from api import application, guesses, identity, passwords, sessions, settings
from db import accounts, devices, logins, tables
from domain import accounts as domain_accounts
from tests.fixtures.database import Database, DatabaseServer

LOGIN, PASSWORD = "dana@example.org", "correct horse battery"
START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@dataclass
class Site:
    owner: sa.Engine
    database: Database
    now: dt.datetime = field(default=START)

    def __post_init__(self) -> None:
        env = {
            "WEB_DATABASE_URL": self.database.web_dsn,
            "WEB_AUTH_DATABASE_URL": self.database.auth_dsn,
            "WEB_MQTT_URL": "mqtt://127.0.0.1:1",
        }
        self.app = application.create(settings.Settings.from_env(env))
        application.finish(self.app)
        self.services = self.app.state.services
        self.services.sessions._clock = lambda: self.now

        @self.app.get("/figures")
        async def figures() -> dict[str, str]:
            identity.current().require(domain_accounts.Permission.SEE_FIGURES)
            return {"name": identity.current().name}

        @self.app.post("/change")
        async def change() -> dict[str, bool]:
            return {"changed": True}

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://fleet.example")

    def employ(self, role: domain_accounts.Role = domain_accounts.Role.DISPATCHER) -> None:
        new = accounts.NewAccount(
            login=LOGIN, name="Dana", role=role, password_hash=pwdlib.PasswordHash.recommended().hash(PASSWORD)
        )
        with self.owner.begin() as connection:
            devices.add_tenant(connection, "acme", name="Acme", time_zone="Europe/Helsinki")
            assert accounts.add(connection, devices.tenant_id(connection, "acme"), new)

    def link(self, purpose: accounts.LinkPurpose) -> str:
        with self.owner.begin() as connection:
            return accounts.make_link(connection, LOGIN, now=self.now, purpose=purpose)


@pytest.fixture
def site(database: Database, owner: sa.Engine) -> Iterator[Site]:
    made = Site(owner, database)
    made.employ()
    yield made
    made.services.web.dispose()
    made.services.auth.dispose()


def csrf_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found.group(1)


async def sign_in(browser: httpx.AsyncClient, password: str = PASSWORD, login: str = LOGIN) -> httpx.Response:
    page = await browser.get("/login")
    return await browser.post("/login", data={"login": login, "password": password, "csrf": csrf_of(page)})


def run(site: Site, story: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def tell() -> None:
        async with site.browser() as browser:
            await story(browser)

    asyncio.run(tell())


def test_the_right_password_opens_a_session(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        answer = await sign_in(browser)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert (await browser.get("/api/v1/nothing")).status_code == 404

    run(site, story)
    with site.owner.connect() as connection:
        kept = connection.scalar(sa.select(tables.session.c.token_sha256))
    assert kept is not None
    assert len(kept) == 32


def test_a_wrong_password_and_an_unknown_login_read_the_same(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        wrong = await sign_in(browser, "wrong")
        unknown = await sign_in(browser, login="nobody@example.org")
        assert wrong.status_code == unknown.status_code == 401
        assert sessions.COOKIE not in browser.cookies
        assert wrong.text.replace(LOGIN, "") == unknown.text.replace("nobody@example.org", "")

    run(site, story)


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        for _ in range(5):
            assert (await sign_in(browser, "wrong")).status_code == 401
        assert (await sign_in(browser)).status_code == 401
        site.now += dt.timedelta(minutes=15, seconds=1)
        assert (await sign_in(browser)).status_code == 303

    run(site, story)


def test_guesses_sent_at_once_are_no_more_than_five(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        data = {"login": LOGIN, "password": "wrong", "csrf": csrf_of(await browser.get("/login"))}
        answers = await asyncio.gather(*(browser.post("/login", data=data) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {401}
        assert (await browser.post("/login", data={**data, "password": PASSWORD})).status_code == 401

    run(site, story)


def test_five_attempts_of_twenty_at_once_are_checked(site: Site) -> None:
    with ThreadPoolExecutor(20) as threads:
        begun = list(threads.map(lambda _: logins.begin_attempt(site.services.auth, LOGIN, site.now), range(20)))

    assert sum(attempt is not None for attempt in begun) == domain_accounts.MOST_FAILURES


def test_the_right_password_forgets_the_wrong_ones_before_it(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        for password in ("wrong", "wrong", "wrong", "wrong", PASSWORD) * 2:
            browser.cookies.clear()
            assert (await sign_in(browser, password)).status_code == (303 if password == PASSWORD else 401)

    run(site, story)


def test_an_account_disabled_while_its_password_is_checked_gets_no_session(site: Site) -> None:
    attempt = logins.begin_attempt(site.services.auth, LOGIN, site.now)
    assert attempt is not None
    with site.owner.begin() as connection:
        assert accounts.set_disabled(connection, LOGIN, site.now)

    assert logins.open_session(site.services.auth, attempt.account_id, site.now) is None


def test_a_new_session_deletes_expired_sessions_and_links(site: Site) -> None:
    def sign_in_now() -> None:
        attempt = logins.begin_attempt(site.services.auth, LOGIN, site.now)
        assert attempt is not None
        assert logins.open_session(site.services.auth, attempt.account_id, site.now) is not None

    def kept() -> tuple[int | None, int | None]:
        with site.owner.connect() as connection:
            sessions_kept = connection.scalar(sa.select(sa.func.count()).select_from(tables.session))
            return sessions_kept, connection.scalar(sa.select(sa.func.count()).select_from(tables.login_link))

    site.link(accounts.LinkPurpose.PASSWORD)
    sign_in_now()
    site.now += dt.timedelta(hours=1)
    sign_in_now()
    assert kept() == (2, 1)
    site.now += domain_accounts.LINK_LIFE
    sign_in_now()
    assert kept() == (1, 0)


def test_the_stand_in_for_a_missing_hash_is_made_at_start(site: Site) -> None:
    passwords._nobodys.cache_clear()

    async def start() -> None:
        await site.services.start()
        await site.services.stop()

    asyncio.run(start())
    assert passwords._nobodys.cache_info().currsize == 1


def test_nobody_gets_a_redirect_for_pages_and_401_for_the_rest(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        page = await browser.get("/alerts?id=1")
        assert (page.status_code, page.headers["location"]) == (303, "/login?next=%2Falerts%3Fid%3D1")
        for path in ("/api/v1/units", "/api/nope", "/assets/live_socket.js", "/_dash-layout"):
            assert (await browser.get(path)).status_code == 401
        assert (await browser.get("/api/v1/health")).json() == {"status": "ok"}

    run(site, story)


def test_a_role_that_may_not_is_told_so(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        answer = await browser.get("/figures")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_permitted")

    run(site, story)


def test_a_change_needs_the_csrf_token_and_our_origin(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        token = {"X-CSRFToken": browser.cookies[sessions.CSRF_COOKIE]}
        missing = await browser.post("/change")
        assert (missing.status_code, missing.json()["error"]["code"]) == (403, "csrf")
        foreign = await browser.post("/change", headers={**token, "Origin": "https://evil.example"})
        assert (foreign.status_code, foreign.json()["error"]["code"]) == (403, "foreign_origin")
        ours = await browser.post("/change", headers={**token, "Origin": "http://fleet.example"})
        assert ours.json() == {"changed": True}

    run(site, story)


def test_a_link_signs_in_once_and_looking_does_not_use_it(site: Site) -> None:
    path = site.link(accounts.LinkPurpose.SIGN_IN)

    async def story(browser: httpx.AsyncClient) -> None:
        await browser.get(path)
        page = await browser.get(path)
        csrf = csrf_of(page)
        assert (await browser.post(path, data={"csrf": csrf})).status_code == 303
        assert (await browser.get("/api/v1/nothing")).status_code == 404
        assert (await browser.get(path)).status_code == 410
        assert (await browser.post(path, data={"csrf": csrf})).status_code == 410

    run(site, story)


def test_a_link_sets_a_password_and_ends_older_sessions(site: Site) -> None:
    path = site.link(accounts.LinkPurpose.PASSWORD)

    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        async with site.browser() as other:
            csrf = csrf_of(await other.get(path))
            assert (await other.post(path, data={"csrf": csrf, "password": "short"})).status_code == 422
            assert (await other.post(path, data={"csrf": csrf, "password": "a new long one"})).status_code == 303
        assert (await browser.get("/figures")).status_code == 303
        assert (await sign_in(browser)).status_code == 401
        assert (await sign_in(browser, "a new long one")).status_code == 303

    run(site, story)


def test_a_disabled_account_is_out_within_seconds(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        with site.owner.begin() as connection:
            assert accounts.set_disabled(connection, LOGIN, site.now)
        site.now += dt.timedelta(seconds=sessions.CACHE_S)
        assert (await browser.get("/api/v1/nothing")).status_code == 401
        assert (await sign_in(browser)).status_code == 401

    run(site, story)


@pytest.mark.parametrize(("step", "count"), [(dt.timedelta(hours=2, seconds=1), 1), (dt.timedelta(hours=1), 12)])
def test_a_session_ends_after_two_idle_hours_or_twelve_in_all(site: Site, step: dt.timedelta, count: int) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        for _ in range(count - 1):
            site.now += step
            assert (await browser.get("/api/v1/nothing")).status_code == 404
        site.now += step
        assert (await browser.get("/api/v1/nothing")).status_code == 401

    run(site, story)


def test_signing_out_ends_the_session(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        kept = browser.cookies[sessions.COOKIE]
        csrf = browser.cookies[sessions.CSRF_COOKIE]
        assert (await browser.post("/logout")).status_code == 403
        assert (await browser.post("/logout", data={"csrf": csrf})).status_code == 303
        browser.cookies.set(sessions.COOKIE, kept)
        assert (await browser.get("/api/v1/nothing")).status_code == 401

    run(site, story)


@pytest.mark.parametrize(("origin", "code"), [("http://fleet.example", 4401), ("https://evil.example", 4403)])
def test_a_socket_of_nobody_or_of_another_site_is_closed(site: Site, origin: str, code: int) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(dict(message))

    headers = [(b"host", b"fleet.example"), (b"origin", origin.encode())]
    scope = {"type": "websocket", "path": "/api/v1/live", "headers": headers, "query_string": b""}
    asyncio.run(site.app(scope, receive, send))

    assert [message.get("code") for message in sent] == [None, code]


def test_a_database_that_does_not_answer_is_told_and_not_taken_for_a_wrong_password(
    site: Site, database_server: DatabaseServer
) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        database_server.close(site.database.name)
        site.now += dt.timedelta(seconds=sessions.CACHE_S + 1)

        for answer in (await browser.get("/figures"), await sign_in(browser)):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")

    run(site, story)


def test_a_disabled_account_has_neither_session_nor_link_once_it_is_enabled_again(site: Site) -> None:
    path = site.link(accounts.LinkPurpose.SIGN_IN)

    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        for disabled_at in (site.now, None):
            with site.owner.begin() as connection:
                assert accounts.set_disabled(connection, LOGIN, disabled_at)
        site.now += dt.timedelta(seconds=sessions.CACHE_S)
        assert (await browser.get("/api/v1/nothing")).status_code == 401
        assert (await browser.get(path)).status_code == 410
        assert (await sign_in(browser)).status_code == 303

    run(site, story)


def test_a_new_password_ends_the_other_links_and_what_the_old_one_was_about_to_open(site: Site) -> None:
    path, other = site.link(accounts.LinkPurpose.PASSWORD), site.link(accounts.LinkPurpose.SIGN_IN)
    attempt = logins.begin_attempt(site.services.auth, LOGIN, site.now)
    assert attempt is not None

    token = path.removeprefix(accounts.LINK_PATH)
    assert logins.use_link(site.services.auth, token, site.now, password_hash="a new hash") is not None

    late = logins.open_session(site.services.auth, attempt.account_id, site.now, checked_hash=attempt.password_hash)
    assert late is None
    assert logins.find_link(site.services.auth, other.removeprefix(accounts.LINK_PATH), site.now) is None
    with site.owner.connect() as connection:
        query = sa.select(sa.func.count()).select_from(tables.session).where(tables.session.c.ended_at.is_(None))
        assert connection.scalar(query) == 1


def test_what_can_be_no_token_is_refused_without_the_database(site: Site, database_server: DatabaseServer) -> None:
    database_server.close(site.database.name)

    async def story(browser: httpx.AsyncClient) -> None:
        for no_token in ("x", "x" * 42 + "!", "x" * 5000):
            browser.cookies.set(sessions.COOKIE, no_token)
            assert (await browser.get("/api/v1/nothing")).status_code == 401
        assert (await browser.get(accounts.LINK_PATH + "x")).status_code == 410
        browser.cookies.set(sessions.COOKIE, accounts.new_token())
        assert (await browser.get("/api/v1/nothing")).status_code == 503

    run(site, story)


def test_those_who_ask_at_once_for_one_session_ask_the_database_once(site: Site) -> None:
    asked: list[str] = []
    sa.event.listen(
        site.services.auth, "before_cursor_execute", lambda _connection, _cursor, statement, *_: asked.append(statement)
    )

    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        asked.clear()
        answers = await asyncio.gather(*(browser.get("/api/v1/nothing") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {404}

    run(site, story)
    assert len(asked) == 1


def test_a_full_memory_of_sessions_forgets_the_oldest_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_MOST_CACHED", 3)
    kept = site.services.sessions
    tokens = [accounts.new_token() for _ in range(4)]

    async def look() -> None:
        for token in tokens:
            assert await kept.find(token) is None

    asyncio.run(look())
    assert list(kept._missed) == [accounts.digest(token) for token in tokens[1:]]


def test_those_who_try_tokens_drive_nobody_out_of_the_memory(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_MOST_CACHED", 3)

    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        assert (await browser.get("/api/v1/nothing")).status_code == 404
        for _ in range(4):
            assert await site.services.sessions.find(accounts.new_token()) is None
        assert accounts.digest(browser.cookies[sessions.COOKIE]) in site.services.sessions._known

    run(site, story)


def test_too_many_who_sign_in_at_once_are_sent_away_uncounted(site: Site) -> None:
    most = passwords.MOST_AT_ONCE

    async def crowd() -> list[object]:
        begun = (site.services.sessions.sign_in(f"p{n}@example.org", "wrong", f"10.0.0.{n}") for n in range(most + 8))
        return list(await asyncio.gather(*begun, return_exceptions=True))

    answers = asyncio.run(crowd())
    assert sum(answer is None for answer in answers) == most
    assert sum(isinstance(answer, passwords.BusyError) for answer in answers) == 8


def test_an_address_that_guesses_across_accounts_has_to_wait(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        for number in range(guesses.FREE + 1):
            assert (await sign_in(browser, login=f"p{number}@example.org")).status_code == 401
        for wait_s in ("1", "2"):
            held = await sign_in(browser)
            assert (held.status_code, held.headers["retry-after"]) == (429, wait_s)
            site.now += dt.timedelta(seconds=int(wait_s))
            assert (await sign_in(browser, "wrong")).status_code == 401
        elsewhere = httpx.ASGITransport(site.app, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=elsewhere, base_url="http://fleet.example") as other:
            assert (await sign_in(other)).status_code == 303

    run(site, story)


def test_signing_out_takes_the_cookies_away_from_a_browser_whose_database_is_away(
    site: Site, database_server: DatabaseServer
) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        await sign_in(browser)
        csrf = browser.cookies[sessions.CSRF_COOKIE]
        assert (await browser.post("/logout", data={"csrf": "é"})).status_code == 403
        database_server.close(site.database.name)
        assert (await browser.post("/logout", data={"csrf": csrf})).status_code == 503
        assert sessions.COOKIE not in browser.cookies
        assert sessions.CSRF_COOKIE not in browser.cookies

    run(site, story)


def test_what_no_database_keeps_and_no_address_is_are_refused_like_the_rest(site: Site) -> None:
    async def story(browser: httpx.AsyncClient) -> None:
        assert (await sign_in(browser, login="dana\0@example.org")).status_code == 401
        assert (await browser.get("/login", params={"next": "//["})).status_code == 200
        assert (await browser.get("/login", headers={"Origin": "http://["})).status_code == 200
        await sign_in(browser)
        assert (await browser.get("/login", params={"next": "//["})).headers["location"] == "/"
        token = {"X-CSRFToken": browser.cookies[sessions.CSRF_COOKIE]}
        assert (await browser.post("/change", headers={**token, "Origin": "http://["})).status_code == 403
        for device_id in (3_000_000_000, 2**80, 0):
            for path in ("", "/trail"):
                assert (await browser.get(f"/api/v1/units/{device_id}{path}")).status_code == 422
        alert = f"/api/v1/alerts/{uuid.uuid4()}/resolve"
        nul = await browser.post(alert, json={"text": "a\0"}, headers=token)
        assert (nul.status_code, nul.json()["error"]["code"]) == (422, "bad_text")

    run(site, story)
