"""The web application on a real port, beside a real database, broker and ingest; and pages that look at it."""

import contextlib
import datetime as dt
import json
import queue
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import sqlalchemy as sa
import uvicorn
from websockets import client, typing, uri
from websockets.protocol import State
from websockets.sync import client as ws

from api import application, live_service, server, settings
from db import accounts, devices, engine, logins, tables
from domain import accounts as domain_accounts
from domain import geo, telemetry
from domain.wire import control, fixes, panic, topics
from stack import broker_config, ports
from tests import device_sender
from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.unit.api import frame_reader

HELSINKI = {"type": "view", "bbox": [24.8, 60.0, 25.1, 60.3], "zoom": 14}


@dataclass(kw_only=True)
class Site:
    """A running web server; `tenants` have the devices van-000 and so on."""

    database: Database
    broker: RunningBroker
    owner: sa.Engine
    url: str
    web: sa.Engine | None = None  #: the server's, where it runs in this process
    live: live_service.LiveService | None = None  #: the same
    connections: set[Any] = field(default_factory=set)  #: the same: uvicorn's own
    tenant_ids: dict[str, uuid.UUID] = field(default_factory=dict)

    def add_tenant(self, slug: str, vans: int = 3) -> None:
        with self.owner.begin() as connection:
            devices.add_tenant(connection, slug, name=slug, time_zone="UTC")
            self.tenant_ids[slug] = devices.tenant_id(connection, slug)
            names = [f"van-{number:03d}" for number in range(vans)]
            devices.add(connection, self.tenant_ids[slug], [devices.NewDevice(name=name) for name in names])

    def sign_in(self, slug: str, name: str, role: domain_accounts.Role = domain_accounts.Role.DISPATCHER) -> str:
        """A session's token."""
        new = accounts.NewAccount(login=f"{name.lower()}@{slug}.example", name=name, role=role)
        with self.owner.begin() as connection:
            assert accounts.add(connection, self.tenant_ids[slug], new)
            account = connection.scalar(sa.select(tables.account.c.id).where(tables.account.c.login == new.login))
        assert account is not None
        auth = engine.create(self.database.auth_dsn)
        try:
            token = logins.open_session(auth, account, dt.datetime.now(dt.UTC))
        finally:
            auth.dispose()
        assert token is not None
        return token

    def device_id(self, slug: str, name: str = "van-000") -> int:
        query = sa.select(tables.device.c.id).where(
            tables.device.c.tenant_id == self.tenant_ids[slug], tables.device.c.name == name
        )
        with self.owner.connect() as connection:
            found: int = connection.execute(query).scalar_one()
        return found

    def give_person(self, slug: str) -> uuid.UUID:
        """A person who carries van-000."""
        made = uuid.uuid4()
        with self.owner.begin() as connection:
            connection.execute(
                sa.insert(tables.person).values(
                    tenant_id=self.tenant_ids[slug], id=made, first_name="Aino", last_name="V", kind="courier"
                )
            )
            connection.execute(
                sa.insert(tables.assignment).values(
                    tenant_id=self.tenant_ids[slug],
                    id=uuid.uuid4(),
                    device_id=self.device_id(slug),
                    person_id=made,
                    since=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
                    assigned_by="root",
                )
            )
        return made

    @contextlib.contextmanager
    def page(self, token: str) -> Iterator["Page"]:
        """A page of whoever has this session."""
        headers = {"Cookie": f"driveops_session={token}"}
        url = self.url.replace("http", "ws") + "/api/v1/live"
        with ws.connect(url, origin=typing.Origin(self.url), additional_headers=headers) as connection:
            yield Page(connection)

    def add_parked(self, slug: str, count: int) -> None:
        """Units that stand in HELSINKI."""
        with self.owner.begin() as connection:
            names = [devices.NewDevice(name=f"parked-{number:05d}") for number in range(count)]
            devices.add(connection, self.tenant_ids[slug], names)
            connection.exec_driver_sql(
                "INSERT INTO device_latest (device_id, time, lat, lon, seq, received_at, fix_mode)"
                " SELECT id, now(), 60.1 + mod(id, 100) / 1000.0, 24.9, 1, now(), 3 FROM device WHERE starts_with(name, 'parked-')"
            )

    @contextlib.contextmanager
    def stuck_page(self, token: str) -> Iterator["StuckPage"]:
        """A page that reads nothing, with next to no room for what comes."""
        address = urlsplit(self.url)
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            raw.connect((address.hostname, address.port))
            protocol = client.ClientProtocol(uri.parse_uri(self.url.replace("http", "ws") + "/api/v1/live"))
            request = protocol.connect()
            request.headers["Origin"], request.headers["Cookie"] = self.url, f"driveops_session={token}"
            protocol.send_request(request)
            raw.sendall(b"".join(protocol.data_to_send()))
            while protocol.state is not State.OPEN:
                protocol.receive_data(raw.recv(4096))
            yield StuckPage(raw, protocol)

    def http(self, token: str) -> httpx.Client:
        """A browser of whoever has this session."""
        cookies = {"driveops_session": token, "_csrf_token": "secret"}
        return httpx.Client(base_url=self.url, cookies=cookies, headers={"X-CSRFToken": "secret", "Origin": self.url})


class StuckPage:
    """Says what it likes to see, and takes none of it."""

    def __init__(self, raw: socket.socket, protocol: client.ClientProtocol) -> None:
        self._raw, self._protocol = raw, protocol

    def say(self, message: dict[str, Any]) -> None:
        self._protocol.send_text(json.dumps(message).encode())
        self._raw.sendall(b"".join(self._protocol.data_to_send()))


class Page:
    """What a browser sees on its socket."""

    def __init__(self, socket: ws.ClientConnection) -> None:
        self.socket = socket

    def say(self, message: dict[str, Any]) -> None:
        self.socket.send(json.dumps(message))

    def next_where(self, wanted: Callable[[Any], bool], limit_s: float = 20.0) -> Any:
        """The next message (a dict or a Frame) that is as wanted."""
        deadline = time.monotonic() + limit_s
        while True:
            received = self.socket.recv(timeout=max(0.01, deadline - time.monotonic()))
            message = frame_reader.read(received) if isinstance(received, bytes) else json.loads(received)
            if wanted(message):
                return message

    def next_frame(self, wanted: Callable[[frame_reader.Frame], bool] = lambda _: True) -> frame_reader.Frame:
        found = self.next_where(lambda m: isinstance(m, frame_reader.Frame) and wanted(m))
        assert isinstance(found, frame_reader.Frame)
        return found

    def next_json(self, kind: str, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        found = self.next_where(lambda m: isinstance(m, dict) and m["type"] == kind and wanted(m))
        assert isinstance(found, dict)
        return found


class Fleet:
    """Sends fixes and presses as the devices of any tenant do."""

    def __init__(self, broker: RunningBroker) -> None:
        self._client = device_sender.connect(broker.url(broker_config.FLEET), "live-fleet")
        self._client.loop_start()
        self._seq = int(time.time() * 1000)

    def move(self, tenant: str, device: str, lat: float, lon: float, *, ago_s: float = 0.0) -> None:
        """A fix of so long ago: nobody is believed to be in another town a second later."""
        self._seq += 1
        fix = telemetry.Fix(
            time=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=ago_s),
            position=geo.Position(lat, lon),
            mode=telemetry.FixMode.THREE_D,
            speed_mps=9.0,
            course_deg=90.0,
        )
        payload = fixes.encode([fixes.Numbered(seq=self._seq, fix=fix)])
        self._publish(topics.device_topic(tenant, device, topics.Lane.FIXES), payload)

    def press(self, tenant: str, device: str, fob: str = "FOB-1") -> None:
        self._seq += 1
        press = telemetry.Press(
            id=uuid.uuid4(),
            time=dt.datetime.now(dt.UTC),
            clock=telemetry.Clock.GPS,
            fob=fob,
            kind=telemetry.PressKind.PRESS,
            seq=self._seq,
        )
        self._publish(topics.device_topic(tenant, device, topics.Lane.PANIC), panic.encode(press))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(10)


class Lamp:
    """The notices of alerts that a device hears; its session outlives the broker's restarts."""

    def __init__(self, broker: RunningBroker, tenant: str, device: str) -> None:
        self._notices: queue.Queue[control.AlertNotice] = queue.Queue()
        self._topic = topics.device_topic(tenant, device, topics.Lane.ACK)
        self._is_subscribed = threading.Event()
        self._client = device_sender.connect(broker.device_url(tenant, device), f"{tenant}-{device}")
        self._client.on_connect = lambda client, *_: client.subscribe(self._topic, qos=1)
        self._client.on_subscribe = lambda *_: self._is_subscribed.set()
        self._client.on_message = lambda _client, _data, message: self._take(bytes(message.payload))
        self._client.loop_start()
        assert self._is_subscribed.wait(20)

    def next_notice(self, wanted: Callable[[control.AlertNotice], bool], limit_s: float = 20.0) -> control.AlertNotice:
        while True:
            notice = self._notices.get(timeout=limit_s)
            if wanted(notice):
                return notice

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, payload: bytes) -> None:
        told = control.decode_ack(payload)
        if isinstance(told, control.AlertNotice):
            self._notices.put(told)


@contextlib.contextmanager
def running(database: Database, broker: RunningBroker, owner: sa.Engine) -> Iterator[Site]:
    """A web server in a thread of this process."""
    env = {
        "WEB_DATABASE_URL": database.web_dsn,
        "WEB_AUTH_DATABASE_URL": database.auth_dsn,
        "WEB_MQTT_URL": broker.url(broker_config.WEB),
    }
    app = application.create(settings.Settings.from_env(env))
    application.finish(app)
    config = server.config(app, host="127.0.0.1", port=ports.free(None), log_config=None)
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=serving.run, args=([server.listen(config)],))
    thread.start()
    try:
        while not serving.started:
            assert thread.is_alive(), "the web server ended"
            time.sleep(0.02)
        made = Site(database=database, broker=broker, owner=owner, url=f"http://127.0.0.1:{config.port}")
        made.web, made.live = app.state.services.web, app.state.services.live
        made.connections = serving.server_state.connections
        yield made
    finally:
        serving.should_exit = True
        thread.join(20)
