from pathlib import Path

import pytest

from domain import errors as domain_errors
from domain.wire import broker_password
from stack import broker_users, errors

# Made by mosquitto_passwd 2.0.21 for the password "open sesame".
RECORDED = (
    "$7$101$J+c5DssUMd2JvYjH$rLj6zDV3uwrN8LwkE6q0R4lwe7O9IIu7T1fuUtYcbRaVdc7wAPyYGd4y9qPJkikgxUPjjyRG6sl5qWrZdDMQ5g=="
)


@pytest.fixture
def passwords(tmp_path: Path) -> broker_users.PasswordFile:
    return broker_users.PasswordFile(path=tmp_path / "passwords")


def test_a_hash_of_mosquitto_passwd_is_understood() -> None:
    assert broker_password.matches("open sesame", RECORDED)
    assert not broker_password.matches("open sesam", RECORDED)


def test_a_password_matches_its_own_hash_alone_and_never_looks_the_same_twice() -> None:
    first, second = broker_password.encoded("secret"), broker_password.encoded("secret")
    assert first != second
    assert broker_password.matches("secret", first)
    assert broker_password.matches("secret", second)
    assert not broker_password.matches("Secret", first)


@pytest.mark.parametrize("stored", ["", "secret", "$7$101$x", "$6$c2FsdA==$AAAA", "$7$many$c2FsdA==$AAAA"])
def test_a_line_in_another_format_lets_nobody_in(stored: str) -> None:
    assert not broker_password.matches("secret", stored)


def test_users_are_added_changed_and_removed(passwords: broker_users.PasswordFile) -> None:
    passwords.set({"demo/van": "one", "ingest": "two"})
    passwords.set({"demo/van": "three"})
    assert passwords.users() == ["demo/van", "ingest"]
    assert passwords.accepts("demo/van", "three")
    assert not passwords.accepts("demo/van", "one")
    passwords.remove("demo/van", "never/there")
    assert passwords.users() == ["ingest"]


def test_setting_what_holds_already_leaves_the_file_as_it_is(passwords: broker_users.PasswordFile) -> None:
    passwords.set({"ingest": "two"})
    before = passwords.path.read_text()
    passwords.set({"ingest": "two"})
    assert passwords.path.read_text() == before


def test_only_the_owner_can_read_the_file(passwords: broker_users.PasswordFile) -> None:
    passwords.set({"ingest": "two"})
    assert passwords.path.stat().st_mode & 0o777 == 0o600
    assert "two" not in passwords.path.read_text()


@pytest.mark.parametrize("name", ["a:b", "demo/van/extra", "demo/+", "#", "", "demo/", "line\nbreak", "%u"])
def test_a_name_that_could_reach_past_its_prefix_is_refused(passwords: broker_users.PasswordFile, name: str) -> None:
    with pytest.raises(errors.StackError, match="can't be a broker user"):
        passwords.set({name: "x"})
    assert passwords.users() == []


def test_the_user_of_a_device_is_its_part_of_the_topic() -> None:
    assert broker_users.device_user("demo", "van-01") == "demo/van-01"
    with pytest.raises(domain_errors.DomainError):
        broker_users.device_user("demo", "van/01")


def test_new_passwords_need_no_escaping_in_an_address() -> None:
    made = {broker_password.new() for _ in range(50)}
    assert len(made) == 50
    assert all(len(secret) >= 32 and set(secret) <= SAFE for secret in made)


SAFE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
