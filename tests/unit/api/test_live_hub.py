import datetime as dt
import uuid

import pytest
import sqlalchemy as sa

from api import live_hub, live_positions
from domain import accounts, live_frame

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


def identity(slug: str) -> accounts.Identity:
    return accounts.Identity(
        tenant_id=uuid.uuid4(),
        tenant_slug=slug,
        tenant_name=slug,
        time_zone="UTC",
        account_id=uuid.uuid4(),
        name="Dana",
        role=accounts.Role.DISPATCHER,
        session_expires_at=NOW,
    )


@pytest.fixture
def hub() -> live_hub.LiveHub:
    return live_hub.LiveHub(sa.create_engine("postgresql+psycopg://nowhere"), lambda: round(NOW.timestamp() * 1e3))


@pytest.mark.parametrize("tick_ms", [2**63 + 5, 2**62])
def test_a_frame_out_of_the_calendar_is_left_out(hub: live_hub.LiveHub, tick_ms: int) -> None:
    viewer = hub.join(identity("acme"))
    body = live_frame.encode(NOW, [])[live_frame.HEADER.size :]
    hub.frame_came("acme", live_frame.HEADER.pack(live_frame.MAGIC, live_frame.VERSION, 0, tick_ms, 0) + body)
    assert viewer.positions.version == 0


def test_a_picture_that_cannot_be_refreshed_stops_no_other(
    hub: live_hub.LiveHub, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = hub.join(identity("acme")), hub.join(identity("other"))
    whole.positions.load([live_positions.Known(1, "tracker", 60.0, 25.0, 5, None, moving=True)])
    del broken.positions._rows
    broken.awake.clear()
    whole.awake.clear()

    hub.tick()

    assert whole.awake.is_set()
    assert whole.positions.rows["status"].tolist() != [0]
    assert "the units of acme can't be brought up to date" in caplog.text
