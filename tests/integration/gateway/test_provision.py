"""From a one-time code to a row in the database, with a real database, broker, web server, ingest and gateway."""

import datetime as dt
import os
import shutil
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from db import device_codes, devices, registries, tables
from tests.fixtures import programs
from tests.fixtures.broker import RunningBroker
from tests.fixtures.database import Database
from tests.fixtures.ingest import IngestFactory
from tests.fixtures.web import WebFactory, WebProcess
from tests.integration.gateway import ends, middlebox
from tests.integration.gateway.ends import eventually
from tests.integration.gateway.test_link import TLS, between

TENANT, DEVICE = "acme", "van-07"
MakeCode = Callable[[], str]


@pytest.fixture
def make_code(owner: sa.Engine) -> MakeCode:
    """Codes of a registered device."""
    with owner.begin() as connection:
        devices.add_tenant(connection, TENANT, name="Acme", time_zone="UTC")
        devices.add(connection, devices.tenant_id(connection, TENANT), [devices.NewDevice(name=DEVICE)])

    def make() -> str:
        with owner.begin() as connection:
            return device_codes.add(connection, TENANT, DEVICE, created_by="test", now=dt.datetime.now(dt.UTC))

    return make


@pytest.fixture
def tls_broker(broker: RunningBroker) -> Iterator[middlebox.Middlebox]:
    with between(broker, "server.pem") as box:
        yield box


@pytest.fixture
def web(make_web: WebFactory, tls_broker: middlebox.Middlebox) -> WebProcess:
    process = make_web(
        WEB_DEVICE_BROKER_HOST="127.0.0.1",
        WEB_DEVICE_BROKER_PORT=str(tls_broker.port),
        WEB_DEVICE_BROKER_CA=str(TLS / "ca.pem"),
    )
    process.start()
    return process


@pytest.fixture
def broker_users(database: Database, broker: RunningBroker, tmp_path: Path) -> Iterator[programs.Program]:
    """What keeps the broker's users, as production runs it."""
    env = {"INGEST_DATABASE_URL": database.backend_dsn}
    process = programs.Program(env=env, folder=tmp_path, name="broker-users")
    arguments = ("--write", str(broker.server.users.path), "--broker", str(broker.server.configuration))
    process.launch("stack", "broker-users", "--watch", *arguments)
    yield process
    programs.end([process])


def provision(folder: Path, server: str, code: str, *more: str) -> subprocess.CompletedProcess[str]:
    config = str(folder / "box" / "gateway.toml")
    return ends.gateway("provision", "--server", server, "--code", code, "--config", config, *more)


def error_of(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refusal is."""
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr.strip()


@pytest.mark.usefixtures("broker_users")
def test_a_code_becomes_a_gateway_whose_fix_is_a_row(
    make_code: MakeCode, web: WebProcess, line: ends.Line, make_ingest: IngestFactory, owner: sa.Engine, tmp_path: Path
) -> None:
    done = provision(tmp_path, web.url, make_code().lower().replace("-", " "))

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"this is {TENANT}/{DEVICE}" in done.stdout
    assert "ok    broker 127.0.0.1" in done.stdout
    secret, config = tmp_path / "box" / "broker-password", tmp_path / "box" / "gateway.toml"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600

    ingest = make_ingest()
    ingest.start()
    ingest.wait_until_at_work()
    state = f'state_folder = "{tmp_path / "state"}"'
    text = config.read_text().replace(f'device = "{DEVICE}"', f'device = "{DEVICE}"\n{state}')
    config.write_text(f'{text}\n[[port]]\nname = "gps"\ndevice = "{line.path}"\n')
    log_file = tmp_path / "provisioned.log"
    with log_file.open("wb") as log:
        command = [sys.executable, "-m", "gateway", "run", "--verbose", "--config", str(config)]
        running = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        eventually(lambda: "is open at" in log_file.read_text(), "the port is open")
        line.second("101112.00")
        eventually(lambda: _rows(owner) == [48.858333333], "the fix is a row")
    finally:
        running.terminate()
        running.wait(ends.LIMIT_S)

    password = secret.read_text().strip()
    said = {
        "gateway": log_file.read_text(),
        "provision": done.stdout + done.stderr,
        "web": web.log_file.read_text(),
        "database": str(_hashes(owner)),
    }
    assert f"as {TENANT}/{DEVICE}" in said["gateway"]
    assert [name for name, text in said.items() if password in text] == []


@pytest.mark.usefixtures("broker_users")
def test_a_new_code_changes_the_password_and_the_old_one_is_let_in_no_more(
    make_code: MakeCode, web: WebProcess, broker: RunningBroker, tmp_path: Path
) -> None:
    assert provision(tmp_path, web.url, make_code()).returncode == 0
    secret = tmp_path / "box" / "broker-password"
    first = secret.read_text().strip()

    refused = provision(tmp_path, web.url, make_code())
    assert error_of(refused) == f"gateway: {secret} is there already; --force replaces it"
    again = provision(tmp_path, web.url, make_code(), "--force")

    assert again.returncode == 0, again.stdout + again.stderr
    assert (secret.parent / "gateway.toml.before").exists()
    second, users = secret.read_text().strip(), broker.server.users
    name = f"{TENANT}/{DEVICE}"
    assert (users.accepts(name, first), users.accepts(name, second)) == (False, True)


@pytest.mark.usefixtures("broker_users")
def test_a_retired_device_leaves_the_brokers_users_and_others_stay(
    make_code: MakeCode, web: WebProcess, broker: RunningBroker, owner: sa.Engine, tmp_path: Path
) -> None:
    assert provision(tmp_path, web.url, make_code()).returncode == 0
    users, name = broker.server.users, f"{TENANT}/{DEVICE}"
    assert name in users.users()

    with owner.begin() as connection:
        tenant_id, kind = devices.tenant_id(connection, TENANT), registries.Kind.DEVICE
        key = registries.find(connection, tenant_id, kind, DEVICE)
        registries.retire(connection, tenant_id, kind, key, at=dt.datetime.now(dt.UTC), by="root")

    eventually(lambda: name not in users.users(), "the device is out")
    assert {"ingest", "fleet"} <= set(users.users())


def test_check_tells_whether_the_brokers_users_are_in_step(
    make_code: MakeCode, web: WebProcess, database: Database, tmp_path: Path
) -> None:
    def broker_users(*more: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "stack", "broker-users", "--write", str(tmp_path / "passwords"), *more]
        env = {**os.environ, "INGEST_DATABASE_URL": database.backend_dsn}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr.strip()

    assert broker_users("--check") == (0, "")
    assert httpx.post(f"{web.url}/api/v1/provision", json={"code": make_code()}).status_code == 200

    code, said = broker_users("--check")
    assert (code, f"{tmp_path / 'passwords'} is not in step with the database" in said) == (1, True)
    assert broker_users()[0] == 0
    assert broker_users("--check") == (0, "")


def test_used_expired_and_unknown_codes_and_those_of_retired_devices_read_the_same(
    make_code: MakeCode, web: WebProcess, owner: sa.Engine, tmp_path: Path
) -> None:
    used, retired = make_code(), make_code()
    assert httpx.post(f"{web.url}/api/v1/provision", json={"code": used}).status_code == 200
    with owner.begin() as connection:
        expired = device_codes.add(
            connection, TENANT, DEVICE, created_by="test", now=dt.datetime.now(dt.UTC) - device_codes.LIFE
        )
    said = {error_of(provision(tmp_path, web.url, code)) for code in (used, expired, "0000-0000-0000", retired)}

    assert said == {
        "gateway: the code is unknown, used or expired; ask for a new one (python -m db device code)",
    }
    assert not (tmp_path / "box" / "gateway.toml").exists()


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_stranger_cannot_fill_the_servers_memory(web: WebProcess, *, is_chunked: bool) -> None:
    body = b'{"code": "' + b"0" * 20_000_000 + b'"}'
    chunks = (body[start : start + 65_536] for start in range(0, len(body), 65_536))

    with httpx.Client() as client:
        try:
            answer = client.post(f"{web.url}/api/v1/provision", content=chunks if is_chunked else body)
        except httpx.WriteError:
            return  # it has hung up on us already

    assert answer.status_code == 413


def test_of_many_who_use_a_code_at_once_one_gets_the_password(make_code: MakeCode, web: WebProcess) -> None:
    code = make_code()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: httpx.post(f"{web.url}/api/v1/provision", json={"code": code}), range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 7


def test_whoever_guesses_has_to_wait_and_is_told_how_long(make_code: MakeCode, web: WebProcess, tmp_path: Path) -> None:
    answers = [httpx.post(f"{web.url}/api/v1/provision", json={"code": "0000"}) for _ in range(22)]

    assert [answer.status_code for answer in answers] == [422] * 21 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert "too many wrong guesses" in error_of(provision(tmp_path, web.url, make_code()))


def test_a_server_that_knows_no_broker_for_devices_leaves_the_code_unused(
    make_code: MakeCode, web_server: WebProcess, owner: sa.Engine, tmp_path: Path
) -> None:
    said = error_of(provision(tmp_path, web_server.url, make_code()))

    assert "WEB_DEVICE_BROKER_HOST is not set" in said
    with owner.connect() as connection:
        assert connection.scalars(sa.select(tables.device_code.c.used_at)).all() == [None]


def test_the_servers_certificate_is_pinned(make_code: MakeCode, web: WebProcess, tmp_path: Path) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(TLS / "server.pem")
    box = middlebox.Middlebox(web.port, tls)
    try:
        server = f"https://127.0.0.1:{box.port}"
        code = make_code()
        refused = error_of(provision(tmp_path, server, code))
        done = provision(tmp_path, server, code, "--ca-file", str(TLS / "ca.pem"))
    finally:
        box.close()

    assert "certificate that is not trusted" in refused
    assert refused.endswith("--ca-file names its authority")
    assert f"this is {TENANT}/{DEVICE}" in done.stdout


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ("http://fleet.example.org", "has no TLS"),
        ("fleet.example.org", "is not of the form https://fleet.example.org"),
        ("http://127.0.0.1:1", "cannot reach http://127.0.0.1:1/api/v1/provision: Connection refused"),
    ],
)
def test_what_is_wrong_with_a_server_is_said_in_a_line(tmp_path: Path, server: str, said: str) -> None:
    assert said in error_of(provision(tmp_path, server, "0000-0000-0000"))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "Remote end closed connection without response; the code may be used up by now"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "the answer breaks off; the code may be used up by now"),
        (
            b"HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n",
            "answers 504; is it a DriveOps server?; the code may",
        ),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "answers 302; is it"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "answers something else than credentials"),
    ],
    ids=["none", "half", "a proxy's", "a redirect", "something else"],
)
def test_an_answer_that_is_lost_or_no_answer_of_ours_is_said(tmp_path: Path, answer: bytes, said: str) -> None:
    def serve() -> None:
        taken, _ = listener.accept()
        with taken:
            taken.recv(4_096)
            taken.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve)
        refusal = error_of(provision(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}", "0000-0000-0000"))
        served.result()

    assert said in refusal
    assert list((tmp_path / "box").iterdir()) == []


@pytest.mark.usefixtures("broker_users")
def test_the_code_can_come_over_standard_input_and_a_configuration_is_never_overwritten(
    make_code: MakeCode, web: WebProcess, tmp_path: Path
) -> None:
    box = tmp_path / "box"
    box.mkdir()
    for number in range(2):
        (box / "gateway.toml").write_text(f"# by hand {number}")
        command = [sys.executable, "-m", "gateway", "provision", "--server", web.url, "--code", "-", "--force"]
        subprocess.run([*command, "--config", box / "gateway.toml"], input=f"{make_code()}\n", text=True, check=True)

    assert (box / "gateway.toml.before").read_text() == "# by hand 0"
    assert (box / "gateway.toml.before.2").read_text() == "# by hand 1"


@pytest.mark.usefixtures("broker_users")
def test_a_configuration_that_stays_but_is_wrong_does_not_hide_that_the_credentials_are_there(
    make_code: MakeCode, web: WebProcess, tmp_path: Path
) -> None:
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "gateway.toml").write_text("[gateway]\n")

    done = provision(tmp_path, web.url, make_code())

    assert done.returncode == 1
    assert "gateway: the credentials are written, but the configuration is not in order" in done.stderr.splitlines()
    assert (tmp_path / "box" / "broker-password").exists()


def test_a_folder_that_may_not_be_entered_is_said(tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv(1) to be a user who may not enter")
    closed = tmp_path / "closed" / "box"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--reuid=65534", "--clear-groups"]
    command += [sys.executable, "-m", "gateway", "provision", "--server", "http://127.0.0.1:1", "--code", "x"]

    run = subprocess.run([*command, "--config", closed / "gateway.toml"], capture_output=True, text=True, check=False)

    assert error_of(run) == f"gateway: cannot write {closed / 'broker-password'}: Permission denied"


def _rows(owner: sa.Engine) -> list[float]:
    with owner.connect() as connection:
        return [round(lat, 9) for lat in connection.scalars(sa.select(tables.fix.c.lat))]


def _hashes(owner: sa.Engine) -> list[str]:
    with owner.connect() as connection:
        return list(connection.scalars(sa.select(tables.device_password.c.hash)))
