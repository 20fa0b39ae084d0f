import os
import signal
import socket
import subprocess

import psycopg
import pytest

from stack import keys, ports, processes, program
from tests.integration.stack.checkout import Checkout
from tests.integration.stack.mqtt_probe import wait_for

SERVERS = ("postgres", "broker")


def test_what_is_up_answers_and_what_is_down_leaves_no_process_and_no_port(checkout: Checkout) -> None:
    checkout.run("up", "--detach", "--only=postgres", "--only=broker")
    told = checkout.run("status")
    assert "PostgreSQL" in told
    assert "Mosquitto" in told
    used = [checkout.service(name).port for name in ("PostgreSQL", "Mosquitto")]

    checkout.run("down")

    assert checkout.server_processes() == []
    assert all(port and ports.is_free(port) for port in used)
    assert "not up" in checkout.run("status", code=1)
    assert "not up" in checkout.run("env", code=1)


def test_up_twice_is_up_once(checkout: Checkout) -> None:
    checkout.up("broker")
    before = checkout.look()
    checkout.run("up", "--detach")
    assert checkout.look().supervisor == before.supervisor
    assert "up already" in checkout.run("up", code=1)


def test_ctrl_c_stops_everything_in_the_opposite_order_and_loses_nothing(checkout: Checkout) -> None:
    supervisor = checkout.up(*SERVERS, "migrate")
    with psycopg.connect(checkout.look().addresses.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    supervisor.send_signal(signal.SIGINT)
    told, _ = supervisor.communicate(timeout=60)

    assert supervisor.returncode == 0, told
    assert told.index("Mosquitto is stopped") < told.index("PostgreSQL is stopped")
    assert checkout.server_processes() == []
    checkout.up(*SERVERS)
    with psycopg.connect(checkout.look().addresses.database_url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_addresses_survive_a_restart_and_die_with_the_data(checkout: Checkout) -> None:
    checkout.run("up", "--detach", "--only=broker")
    first = checkout.run("env")
    checkout.run("down")
    checkout.run("up", "--detach", "--only=broker")
    assert checkout.run("env") == first

    checkout.run("down", "--purge")

    assert not checkout.data.exists()
    checkout.run("up", "--detach", "--only=broker")
    assert checkout.run("env") != first


@pytest.mark.parametrize("name", ["Mosquitto", "PostgreSQL"])
def test_a_killed_server_comes_back_on_its_port_and_it_is_said(checkout: Checkout, name: str) -> None:
    supervisor = checkout.up(*SERVERS)
    before = checkout.service(name)
    assert before.pid is not None

    os.kill(before.pid, signal.SIGKILL)
    wait_for(lambda: checkout.service(name).restarts == 1 and checkout.service(name).phase == "running", 40)

    after = checkout.service(name)
    assert after.pid != before.pid
    assert after.port == before.port
    assert "1" in checkout.run("status")
    supervisor.send_signal(signal.SIGTERM)
    told, _ = supervisor.communicate(timeout=60)
    assert f"{name} ended with code -9; it is started again in 1 s" in told
    assert f"{name} is up again" in told


def test_a_killed_ingest_comes_back_and_is_up_when_it_is_connected_again(checkout: Checkout) -> None:
    checkout.run("up", "--detach")
    before = checkout.service("ingest")
    assert before.pid is not None
    assert "ingest" in checkout.run("status")

    os.kill(before.pid, signal.SIGKILL)
    wait_for(lambda: checkout.service("ingest").restarts == 1 and checkout.service("ingest").phase == "running", 40)

    assert checkout.service("ingest").pid != before.pid
    checkout.run("status")


def test_after_the_supervisor_was_killed_down_stops_what_it_left(checkout: Checkout) -> None:
    supervisor = checkout.up(*SERVERS)
    supervisor.kill()
    supervisor.wait()
    assert len(checkout.server_processes()) >= 2
    assert "supervisor was killed" in checkout.run("status", code=1)

    told = checkout.run("down")

    assert "left from a supervisor that was killed" in told
    assert checkout.server_processes() == []


def test_after_the_supervisor_was_killed_up_takes_over_with_the_same_data(checkout: Checkout) -> None:
    supervisor = checkout.up(*SERVERS, "migrate")
    dsn = checkout.look().addresses.database_url
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    old = {process.pid for process in checkout.server_processes()}
    supervisor.kill()
    supervisor.wait()

    checkout.up(*SERVERS)

    assert old.isdisjoint(process.pid for process in checkout.server_processes())
    assert checkout.look().addresses.database_url == dsn
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_dead_servers_lock_that_names_a_living_stranger_is_no_obstacle(checkout: Checkout) -> None:
    checkout.run("up", "--detach", "--only=postgres")
    lock = checkout.data / "postgres" / "postmaster.pid"
    written = lock.read_text()
    checkout.run("down")
    # A machine that was switched off, and whose next run gave the number to something else.
    lock.write_text(written.replace(written.partition("\n")[0], str(os.getpid()), 1))

    checkout.run("up", "--detach", "--only=postgres")


def test_a_program_with_the_same_name_elsewhere_is_left_alone(checkout: Checkout, postgres_server: object) -> None:
    strangers = processes.find(lambda pid: any(word.endswith("libexec/postgres") for word in processes.command(pid)))
    assert strangers
    supervisor = checkout.up("broker")
    supervisor.kill()
    supervisor.wait()

    checkout.run("down")

    assert all(process.is_alive() for process in strangers if processes.parent(process.pid) == os.getpid())


def test_a_taken_port_is_named_and_nothing_is_left_running(checkout: Checkout) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        checkout.extra["STACK_BROKER_PORT"] = str(other.getsockname()[1])
        told = checkout.run("up", "--only=postgres", "--only=broker", code=1)
    assert "STACK_BROKER_PORT" in told
    assert checkout.server_processes() == []


def test_a_server_that_cannot_start_ends_up_with_its_log_in_the_message(checkout: Checkout) -> None:
    checkout.run("up", "--detach", "--only=postgres")
    checkout.run("down")
    (checkout.data / "postgres" / "global" / "pg_control").unlink()

    told = checkout.run("up", "--detach", "--only=postgres", "--only=broker", code=1)

    assert "pg_control" in told
    assert checkout.server_processes() == []


def test_a_shell_that_has_read_the_addresses_still_gets_its_own_server(checkout: Checkout) -> None:
    checkout.run("up", "--detach", "--only=postgres")
    checkout.extra["DATABASE_URL"] = checkout.look().addresses.database_url
    checkout.run("down")

    checkout.run("up", "--detach", "--only=postgres")
    assert checkout.service("PostgreSQL").phase == "running"


def test_a_database_of_ones_own_gets_no_server_and_no_invented_companies(checkout: Checkout) -> None:
    checkout.extra["DATABASE_URL"] = "postgresql://me:secret@db.example/mine"
    checkout.run("up", "--detach", "--only=broker")
    addresses = checkout.look().addresses
    assert addresses.database_url == checkout.extra["DATABASE_URL"]
    assert addresses.ingest_database_url.startswith("postgresql://driveops_backend:")
    assert addresses.ingest_database_url.endswith("@db.example/mine")
    assert "no seed where DATABASE_URL" in checkout.run("up", "--only=seed", code=1) or checkout.is_up()


def test_only_the_owner_can_read_what_holds_passwords(checkout: Checkout) -> None:
    checkout.run("up", "--detach", "--only=broker")
    state_dir = checkout.folder / "state"
    files = [state_dir / "stack.json", state_dir / "stack.env", state_dir / "gateway.toml", checkout.data / "keys.json"]
    assert {path.stat().st_mode & 0o077 for path in files} == {0}
    assert keys.load(checkout.data) is not None


def test_down_stops_what_the_demo_and_the_fleet_have_started(checkout: Checkout) -> None:
    sleeper = ["sleep", "1000"]
    companion = subprocess.Popen(sleeper, env=checkout.env | program.mark(checkout.data))
    stranger = subprocess.Popen(sleeper, env=checkout.env | program.mark(checkout.folder / "another"))
    try:
        checkout.up("broker")
        checkout.run("down")
        assert companion.wait(10) == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        for process in (companion, stranger):
            process.kill()
            process.wait()
