"""Tells a gateway, and through it the lamp of the fob, what has become of an alert (R55): the contract's `ack` of an alert."""

from paho.mqtt import MQTTException, enums, publish

from db import demo_view
from domain import emergencies
from domain.wire import broker_address, control, topics

#: What a broker that can't be reached, or refuses, raises.
Unreachable = (OSError, MQTTException)


class Lamps:
    """Speaks to devices as the server does; `url` is of an account of the stack's own broker that may write `ack`."""

    def __init__(self, url: str) -> None:
        self._broker = broker_address.parse(url)

    def light(
        self, tenant: demo_view.Tenant, alert: demo_view.Alert, state: emergencies.AlertState, *, by: str
    ) -> None:
        """Tell the device that the alert came from; blocking.

        Raises:
            Unreachable: the alert is what it is, only the lamp is not lit.
        """
        notice = control.AlertNotice(alert_id=alert.id, state=state, by=by, fob=alert.fob)
        publish.single(
            topics.device_topic(tenant.slug, alert.device_name, topics.Lane.ACK),
            control.encode_notice(notice),
            qos=1,
            hostname=self._broker.host,
            port=self._broker.port,
            auth={"username": self._broker.user or "", "password": self._broker.password or ""},
            protocol=enums.MQTTProtocolVersion.MQTTv5,
        )
