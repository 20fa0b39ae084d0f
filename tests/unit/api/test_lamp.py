import uuid

import pytest

from api import lamp, position_feed, settings
from domain import emergencies
from domain.wire import control

State = emergencies.AlertState


@pytest.mark.parametrize(
    ("told", "last"),
    [
        ([State.RESOLVED, State.ACKNOWLEDGED], State.RESOLVED),
        ([State.ACKNOWLEDGED, State.RESOLVED], State.RESOLVED),
        ([State.ACKNOWLEDGED, State.ACKNOWLEDGED], State.ACKNOWLEDGED),
    ],
)
def test_a_lamp_is_told_no_state_that_its_alert_has_left_behind(told: list[State], last: State) -> None:
    broker = settings.Broker(host="127.0.0.1", port=1, user=None, password=None, tls=None)
    lamps = lamp.Lamps(position_feed.PositionFeed(broker, lambda _slug, _frame: None, lambda: None))
    alert_id = uuid.uuid4()
    for state in told:
        lamps.tell(lamp.Word("acme", "van-000", "FOB-1", alert_id, state, "Dana"))

    [(_, payload)] = lamps._waiting.values()
    notice = control.decode_ack(payload)
    assert isinstance(notice, control.AlertNotice)
    assert notice.state == last
