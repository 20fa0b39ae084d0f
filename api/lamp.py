"""Tells the device, and through it the lamp of the fob, what has become of an alert (R55)."""

import logging

import aiomqtt

from api import position_feed
from domain import accounts, emergencies
from domain.wire import control, topics

_log = logging.getLogger(__name__)


async def tell(feed: position_feed.PositionFeed, identity: accounts.Identity, alert: emergencies.Alert) -> None:
    """Send the state of an alert to the device that it came from; where that fails the alert is what it is all the same."""
    by = alert.resolved_by or alert.acknowledged_by
    notice = control.AlertNotice(alert_id=alert.id, state=alert.state, by=by, fob=alert.fob)
    try:
        topic = topics.device_topic(identity.tenant_slug, alert.device_name, topics.Lane.ACK)
        await feed.publish(topic, control.encode_notice(notice))
    except (TimeoutError, aiomqtt.MqttError, topics.TopicError) as error:
        _log.warning("the lamp of fob %s at %s is not told: %s", alert.fob, alert.device_name, error)
