import os
from pathlib import Path

import pytest

from stack import addresses, health, processes, state, watch

ADDRESSES = addresses.Addresses(
    database_url="postgresql://postgres:a$b'c@127.0.0.1:1/d",
    ingest_database_url="postgresql://b",
    ingest_mqtt_url="mqtt://i",
    fleet_mqtt_url="mqtt://f",
    web_database_url="postgresql://w",
    auth_database_url="postgresql://a",
    web_mqtt_url="mqtt://w",
    web_port=2,
    broker_port=1,
    replay_password="r",
)


@pytest.fixture
def running() -> state.State:
    me = processes.of(os.getpid())
    assert me is not None
    service = state.Service(name="migrate", phase=watch.Phase.DONE, pid=None, port=None, restarts=0, log="/l")
    return state.State(supervisor=me, is_up=True, data_dir="/d", services=(service,), addresses=ADDRESSES)


def test_what_is_written_is_read_again(tmp_path: Path, running: state.State) -> None:
    state.write(tmp_path / "state", running)
    assert state.read(tmp_path / "state") == running


def test_a_shell_reads_the_addresses_whatever_is_in_them(tmp_path: Path, running: state.State) -> None:
    state.write(tmp_path, running)
    with os.popen(f'. {tmp_path}/stack.env && printf %s "$DATABASE_URL"') as shell:
        assert shell.read() == ADDRESSES.database_url


@pytest.mark.parametrize("content", ["", "{}", '{"supervisor": 3}', "not json", '{"supervisor": {}, "services": []}'])
def test_a_file_of_another_time_is_no_running_stack(tmp_path: Path, content: str) -> None:
    (tmp_path / state.STATE).write_text(content)
    assert state.read(tmp_path) is None


def test_what_is_forgotten_is_gone_and_may_be_forgotten_twice(tmp_path: Path, running: state.State) -> None:
    state.write(tmp_path, running)
    state.forget(tmp_path)
    state.forget(tmp_path)
    assert state.read(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_done_task_is_well_and_a_server_without_a_process_is_not(running: state.State) -> None:
    assert [finding.trouble for finding in health.look(running)] == [""]
    gone = state.Service(name="PostgreSQL", phase="backing off", pid=None, port=1, restarts=2, log="/l")
    (finding,) = health.look(
        state.State(supervisor=running.supervisor, is_up=True, data_dir="/d", services=(gone,), addresses=ADDRESSES)
    )
    assert finding.trouble == "backing off"


def test_a_stack_whose_supervisor_is_gone_is_not_well(running: state.State) -> None:
    dead = processes.Identity(pid=running.supervisor.pid, started_ticks=1, boot=running.supervisor.boot)
    left = state.State(supervisor=dead, is_up=True, data_dir="/d", services=running.services, addresses=ADDRESSES)
    assert [finding.trouble for finding in health.look(left)] == ["its supervisor was killed"]
