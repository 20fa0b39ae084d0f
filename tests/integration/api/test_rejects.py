"""Rejects over REST: an administrator's, and of its own tenant alone."""

import datetime as dt

import psycopg
import pytest

from db import reject_log
from domain import accounts
from tests.fixtures.database import Database
from tests.integration.api.live_site import Site

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def kept(site: Site, database: Database) -> None:
    assert site.tenant_ids
    made = [
        reject_log.Reject(
            topic=f"driveops/v1/{tenant}/van/status",
            payload=payload,
            reason=reason,
            received_at=NOW,
            tenant=tenant,
            device="van",
            kind=kind,
        )
        for tenant, payload, reason, kind in [
            ("acme", b"1", "not JSON", reject_log.Kind.UNREADABLE),
            ("acme", b"\xff" * 500, "not JSON", reject_log.Kind.UNREADABLE),
            ("acme", b"3", "nobody", reject_log.Kind.STRANGER),
            ("other", b"4", "not JSON", reject_log.Kind.UNREADABLE),
        ]
    ]
    with psycopg.connect(database.backend_dsn) as connection:
        reject_log.add(connection, made)


@pytest.mark.usefixtures("kept")
def test_an_administrator_reads_its_own_tenants_rejects(site: Site) -> None:
    with site.http(site.sign_in("acme", "Ada", accounts.Role.ADMIN)) as browser:
        answer = browser.get("/api/v1/rejects").json()
        older = browser.get("/api/v1/rejects", params={"before": answer["rejects"][0]["id"], "limit": 1}).json()
        strangers = browser.get("/api/v1/rejects", params={"kind": "stranger", "waiting": True}).json()

    assert [(count["kind"], count["reason"], count["waiting"]) for count in answer["counts"]] == [
        ("unreadable", "not JSON", 2),
        ("stranger", "nobody", 1),
    ]
    assert [each["bytes"] for each in answer["rejects"]] == [1, 500, 1]
    assert answer["rejects"][1]["payload"] == "�" * 200
    assert [each["bytes"] for each in older["rejects"]] == [500]
    assert [each["payload"] for each in strangers["rejects"]] == ["3"]


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("role", [accounts.Role.MANAGER, accounts.Role.DISPATCHER])
def test_nobody_else_may(site: Site, role: accounts.Role) -> None:
    with site.http(site.sign_in("acme", "Mona", role)) as browser:
        assert browser.get("/api/v1/rejects").status_code == 403
