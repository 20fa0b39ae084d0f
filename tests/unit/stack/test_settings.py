from pathlib import Path

import pytest

from stack import errors, settings

CHECKOUT = Path("/home/ann/driveops")


def read(*, is_root: bool = False, **env: str) -> settings.Settings:
    return settings.Settings.from_env({"HOME": "/home/ann"} | env, is_root=is_root, checkout=CHECKOUT)


def test_an_ordinary_user_keeps_everything_at_home() -> None:
    chosen = read()
    assert chosen.cache_dir == Path("/home/ann/.cache/driveops")
    assert chosen.data_dir.parent == Path("/home/ann/.local/state/driveops")
    assert chosen.state_dir == CHECKOUT / ".driveops"


def test_root_keeps_everything_where_the_servers_account_can_reach_it() -> None:
    chosen = read(is_root=True, XDG_CACHE_HOME="/root/.cache")
    assert chosen.cache_dir == Path("/var/cache/driveops")
    assert chosen.data_dir.parent == Path("/var/lib/driveops")


def test_the_folders_of_the_desktop_are_respected() -> None:
    chosen = read(XDG_CACHE_HOME="/fast", XDG_STATE_HOME="/big")
    assert chosen.cache_dir == Path("/fast/driveops")
    assert chosen.data_dir.parent == Path("/big/driveops")


def test_every_folder_can_be_moved() -> None:
    chosen = read(is_root=True, STACK_CACHE_DIR="/c", STACK_DATA_DIR="/d", STACK_STATE_DIR="/s")
    assert (chosen.cache_dir, chosen.data_dir, chosen.state_dir) == (Path("/c"), Path("/d"), Path("/s"))


def test_two_checkouts_have_two_databases_and_one_engine() -> None:
    other = settings.Settings.from_env({"HOME": "/home/ann"}, is_root=False, checkout=Path("/home/ann/other"))
    assert other.data_dir != read().data_dir
    assert other.cache_dir == read().cache_dir


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "5432 ", "5432.0"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(errors.StackError, match="STACK_POSTGRES_PORT="):
        read(STACK_POSTGRES_PORT=port)


def test_a_flag_is_true_or_false_and_nothing_else() -> None:
    assert read(STACK_PRIVATE_ENGINE="1").private_engine
    assert not read(STACK_PRIVATE_ENGINE="no").private_engine
    with pytest.raises(errors.StackError, match="STACK_PRIVATE_ENGINE='maybe'"):
        read(STACK_PRIVATE_ENGINE="maybe")


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert read(DATABASE_URL="", STACK_BROKER_PORT="", STACK_CACHE_DIR="", STACK_DEBIAN_MIRROR="") == read()
