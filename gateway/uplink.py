"""The connection to the broker. `broker_client` makes the client.

MQTT 5, QoS 1, a persistent session from the first connect, and a new client object for each connection: what is sent again
after a break is decided by `delivery` alone. Commands have a thread of their own, as carrying one out may wait for the disk;
the broker hears that one has arrived when its answer has been handed over, and brings it again if we are gone by then.
"""

import datetime as dt
import logging
import queue
import random
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt import enums, reasoncodes

from domain import telemetry
from domain.wire import status, topics
from gateway import broker_client, configuration, errors, link_trouble, tls

_log = logging.getLogger(__name__)

_SESSION_EXPIRY_S = 0xFFFF_FFFF  # never: see stack/broker_config on what Mosquitto does with sessions that expire
_FIRST_WAIT_S, _LONGEST_WAIT_S, _REFUSED_WAIT_S = 0.5, 30.0, 10.0
_URGENT_WAIT_S = 2.0  # while a press waits
_FAREWELL_S = 2.0
_DOWN = (topics.Lane.ACK, topics.Lane.COMMAND)


class Uplink:
    """Keeps a connection up and says what is wrong with it, once.

    Args:
        settings: broker, tenant and device.
        receive: called with what comes down, in the client's thread; with commands in a thread of their own.
        changed: called when the connection comes, goes or has answered a message, in the client's thread.
        is_urgent: tells whether a press waits.
    """

    def __init__(
        self,
        settings: configuration.Configuration,
        *,
        receive: Callable[[topics.Lane, bytes], None],
        changed: Callable[[], None],
        is_urgent: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._receive = receive
        self._changed = changed
        self._is_urgent = is_urgent
        self._topics = {lane: topics.device_topic(settings.tenant, settings.device, lane) for lane in topics.Lane}
        self._lanes = {self._topics[lane]: lane for lane in _DOWN}
        tls.context(settings.broker.tls)  # what can't be used is said at once, before anything has begun
        self._lock = threading.Lock()
        self._client: broker_client.Client | None = None
        self._sent = self._answered = 0  # messages of this connection
        self._connections = 0
        self._gone: weakref.WeakSet[mqtt.Client] = weakref.WeakSet()
        self._is_admitted = self._is_up = self._is_refused = False
        self._orders: queue.SimpleQueue[tuple[mqtt.Client, mqtt.MQTTMessage] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._bell = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="uplink", daemon=True)
        self._obeying = threading.Thread(target=self._obey, name="commands", daemon=True)
        self.problem: str | None = "not connected yet"  #: None while connected

    def start(self) -> None:
        """Connect, and keep connecting."""
        self._thread.start()
        self._obeying.start()

    def stop(self) -> None:
        """Wait a moment for what the broker has to answer, then leave without the last will."""
        self._orders.put(None)
        self._obeying.join(timeout=_FAREWELL_S)
        deadline_s = time.monotonic() + _FAREWELL_S
        while self._is_up and self.outstanding and time.monotonic() < deadline_s:
            time.sleep(0.01)
        self._stopping.set()
        self._bell.set()
        with self._lock:
            if self._client is not None:
                self._client.disconnect()
        self._thread.join(timeout=_FAREWELL_S)

    def hurry(self) -> None:
        """A press waits: try at once where the next attempt is only waited for."""
        if not self._is_up:
            self._bell.set()

    @property
    def is_running(self) -> bool:
        """The threads connect or try to, and wait for commands."""
        return self._thread.is_alive() and self._obeying.is_alive()

    @property
    def session(self) -> int:
        """Counts connections; 0 while there is none."""
        return self._connections if self._is_up else 0

    @property
    def connections(self) -> int:
        """How many there were since the start."""
        return self._connections

    @property
    def outstanding(self) -> int:
        """Messages that the broker has not answered."""
        return self._sent - self._answered

    def publish(self, lane: topics.Lane, payload: bytes) -> bool:
        """Send a message at QoS 1, a status retained; False if there is no connection."""
        with self._lock:
            # Commands that waited at the broker come before it has answered what we subscribe to.
            may_send = self._is_admitted if lane is topics.Lane.REPLY else self._is_up
            if self._client is None or not may_send:
                return False
            sent = self._client.publish(self._topics[lane], payload, qos=1, retain=lane is topics.Lane.STATUS)
            if sent.rc is not enums.MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            self._sent += 1
            return True

    def _keep(self) -> None:
        in_vain = 0
        while not self._stopping.is_set():
            self._bell.clear()
            before = self._connections
            try:
                self._connect_once()
            except Exception:  # noqa: BLE001 - a supervision loop: without this thread nothing is ever sent
                _log.exception("the uplink stumbled")
                self._say("the connection cannot be made; see the log")
                self._forget()
            in_vain = 0 if self._connections > before else in_vain + 1
            wait_s = _pause_s(in_vain, is_refused=self._is_refused, is_urgent=self._is_urgent())
            if not self._stopping.is_set():
                self._bell.wait(wait_s)

    def _connect_once(self) -> None:
        self._is_refused = False
        try:
            client = self._new_client()
        except errors.GatewayError as error:
            self._say(str(error))
            return
        try:
            broker_client.open_session(client, self._settings.broker, expiry_s=_SESSION_EXPIRY_S)
            with self._lock:
                self._client = client
                self._sent = self._answered = 0
            client.loop_start()  # fails without a loopback interface, by which paho wakes itself
        except OSError as error:
            self._forget()
            self._say(link_trouble.unreachable(self._settings.broker, error))
            return
        if self._stopping.is_set():
            client.disconnect()
        client.ended.wait()
        client.loop_stop()
        self._forget()
        self._changed()

    def _forget(self) -> None:
        with self._lock:
            self._client, self._is_admitted, self._is_up = None, False, False

    def _obey(self) -> None:
        while (order := self._orders.get()) is not None:
            client, message = order
            self._deal(topics.Lane.COMMAND, message)
            client.ack(message.mid, message.qos)

    def _new_client(self) -> broker_client.Client:
        # Read anew for each connection: certificates are renewed while we run for months.
        secured = tls.context(self._settings.broker.tls)
        client = broker_client.new(self._settings, f"{self._settings.tenant}.{self._settings.device}", secured)
        will = telemetry.Status(time=dt.datetime.now(dt.UTC), online=False)
        client.will_set(self._topics[topics.Lane.STATUS], status.encode(will), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    # paho's callbacks, in its thread. They take no lock: paho holds its own while it calls some of them.

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: reasoncodes.ReasonCode, _: Any) -> None:
        if reason.is_failure:
            self._is_refused = True
            self._say(link_trouble.refused(self._settings, reason))
            client.disconnect()
            return
        self._is_admitted = True
        client.subscribe([(self._topics[lane], 1) for lane in _DOWN])

    def _on_subscribe(
        self, client: mqtt.Client, _data: Any, _mid: int, reasons: list[reasoncodes.ReasonCode], _: Any
    ) -> None:
        # Only now: an acknowledgement that came before would have nowhere to go.
        if any(reason.is_failure for reason in reasons):
            self._is_refused = True
            self._say(f"the broker does not let {self._user} read {', '.join(self._lanes)}: check its access list")
            client.disconnect()
            return
        self._connections += 1
        self._is_up = True
        self.problem = None
        _log.info("connected to the broker at %s as %s", link_trouble.place(self._settings.broker), self._user)
        self._changed()

    def _on_disconnect(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: reasoncodes.ReasonCode, _: Any
    ) -> None:
        if client in self._gone:  # paho tells the end by a missed keep-alive twice
            return
        self._gone.add(client)
        was_up, self._is_admitted, self._is_up = self._is_up, False, False
        if was_up and not self._stopping.is_set():
            # Two that put each other out must not do so many times a second.
            self._is_refused = link_trouble.is_taken_over(reason)
            self._say(link_trouble.lost(self._settings, reason))
        elif not self._is_refused:
            self._say(link_trouble.hung_up(self._settings.broker, reason))

    def _on_publish(self, _client: mqtt.Client, _data: Any, _mid: int, reason: reasoncodes.ReasonCode, _: Any) -> None:
        self._answered += 1
        if reason.is_failure:
            self._say(f"the broker refuses what {self._user} publishes ({reason}): check its access list")
        self._changed()

    def _on_message(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        lane = self._lanes.get(message.topic)
        if lane is topics.Lane.COMMAND:
            self._orders.put((client, message))
            return
        if lane is not None:
            self._deal(lane, message)
        client.ack(message.mid, message.qos)

    def _deal(self, lane: topics.Lane, message: mqtt.MQTTMessage) -> None:
        try:
            self._receive(lane, bytes(message.payload))
        except Exception:  # noqa: BLE001 - it would end a thread, and with it the connection, without a word
            _log.exception("a message on %s could not be dealt with", lane)

    @property
    def _user(self) -> str:
        return f"{self._settings.tenant}/{self._settings.device}"

    def _say(self, problem: str) -> None:
        if problem != self.problem and not self._stopping.is_set():
            _log.error("%s; trying again", problem)
        self.problem = problem


def _pause_s(in_vain: int, *, is_refused: bool, is_urgent: bool) -> float:
    longest_s = min(_FIRST_WAIT_S * 2 ** min(in_vain, 10), _LONGEST_WAIT_S)
    wait_s = random.uniform(longest_s / 2, longest_s)  # noqa: S311 - spreads a fleet, hides nothing
    if is_refused:
        wait_s = max(wait_s, _REFUSED_WAIT_S)
    return min(wait_s, _URGENT_WAIT_S) if is_urgent else wait_s
