import signal
import socket
from pathlib import Path

import pytest

from stack import account, engine, errors, local_servers, ports, postgres_config, processes, server

ENV = {"PATH": "/usr/bin:/bin"}
RIGHTS: account.PopenRights = {"cwd": "/"}


def started(tmp_path: Path, script: str) -> server.Server:
    made = server.Server("probe", tmp_path / "probe.log")
    made.start(["sh", "-c", script], env=ENV, rights=RIGHTS)
    return made


def test_a_server_that_dies_shows_the_end_of_its_log(tmp_path: Path) -> None:
    probe = started(tmp_path, "for i in $(seq 40); do echo line $i; done; exit 3")
    with pytest.raises(errors.ServerFailedError) as caught:
        probe.wait_until(lambda: False, limit_s=20)
    said = str(caught.value)
    assert "probe ended with code 3" in said
    assert "line 40" in said
    assert "line 20\n" not in said


def test_a_server_that_does_not_answer_is_given_up_at_the_limit(tmp_path: Path) -> None:
    probe = started(tmp_path, "exec sleep 99")
    with pytest.raises(errors.ServerFailedError, match=r"didn't answer within 0\.1 s.*\n.*nothing written"):
        probe.wait_until(lambda: False, limit_s=0.1)
    probe.stop(signal.SIGTERM, limit_s=10)
    assert probe.exit_code == -signal.SIGTERM
    probe.stop(signal.SIGTERM, limit_s=10)


def test_a_server_that_ignores_the_request_is_ended_by_force(tmp_path: Path) -> None:
    probe = started(tmp_path, "trap '' TERM; echo deaf; while :; do sleep 0.05; done")
    probe.wait_until(lambda: "deaf" in server.tail(probe.log), limit_s=10)
    probe.stop(signal.SIGTERM, limit_s=0.3)
    assert probe.exit_code == -signal.SIGKILL


def test_a_killed_server_takes_its_children_with_it(tmp_path: Path) -> None:
    probe = started(tmp_path, "sleep 99 & echo $!; wait")
    probe.wait_until(lambda: server.tail(probe.log).isdecimal(), limit_s=10)
    child = processes.of(int(server.tail(probe.log)))
    assert child is not None
    probe.kill()
    assert processes.wait_gone(child, limit_s=10)
    with pytest.raises(errors.ServerFailedError, match="not running"):
        _ = probe.pid


def test_a_log_is_for_its_owner_and_a_long_one_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_LOG_BYTES", 10)
    for word in ("first run of many words", "second"):
        started(tmp_path, f"echo {word}").stop(signal.SIGCONT, limit_s=10)
    assert server.tail(tmp_path / "probe.log") == "second"
    assert "first" in server.tail(tmp_path / "probe.log.1")
    assert (tmp_path / "probe.log").stat().st_mode & 0o077 == 0


def test_a_free_port_is_one_that_no_outgoing_connection_gets() -> None:
    lowest_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(ports.free() < lowest_outgoing for _ in range(20))


def test_a_preferred_port_is_taken_if_it_is_free() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert not ports.is_free(taken)
        assert ports.free(taken) != taken
    assert ports.free(taken) == taken


@pytest.mark.parametrize(("memory", "cache"), [(1 << 28, "128MB"), (1 << 31, "512MB"), (1 << 40, "1024MB")])
def test_the_databases_cache_grows_with_the_machine_within_bounds(memory: int, cache: str) -> None:
    assert f"shared_buffers = '{cache}'" in postgres_config.render(port=1, durable=True, memory_bytes=memory)


def test_only_a_throw_away_database_gives_up_its_safety() -> None:
    assert "fsync" not in postgres_config.render(port=1, durable=True)
    assert "synchronous_commit" not in postgres_config.render(port=1, durable=False)
    assert "fsync = 'off'" in postgres_config.render(port=1, durable=False)


def test_an_engine_without_postgresql_says_why() -> None:
    programs = engine.Engine(
        postgres_bin=None, mosquitto=Path("/m"), postgres_env={}, zoneinfo=None, origin="this system"
    )
    with pytest.raises(errors.StackError, match="DATABASE_URL names a database"):
        programs.program("postgres")


@pytest.mark.parametrize(
    ("said", "version"),
    [("mosquitto version 2.0.21\n\nmosquitto is an MQTT", (2, 0, 21)), ("usage: something else", None), ("", None)],
)
def test_the_version_of_a_broker_is_read_from_its_help(said: str, version: tuple[int, ...] | None) -> None:
    assert local_servers.mosquitto_version(said) == version
