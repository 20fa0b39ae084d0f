import json
import tomllib
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from db.seed import demo
from stack import addresses, children, engine, errors, keys, program, settings

PASSWORDS = {
    name: f"{name}-secret"
    for name in ("superuser", "web", "backend", "auth", "ingest", "web_broker", "fleet", "replay")
}
KNOWN = keys.Keys(postgres_port=20001, broker_port=20002, web_port=20003, **PASSWORDS)
CHOICE = settings.Settings(cache_dir=Path("/c"), data_dir=Path("/d"), state_dir=Path("/s"))
NO_ENGINE = engine.private(Path("/nowhere"))
OWN_DATABASE = replace(CHOICE, database_url="postgresql://me:pw@db.example:6000/mine?sslmode=require")


def test_each_process_gets_the_address_of_its_own_role() -> None:
    variables = addresses.of(KNOWN, CHOICE).variables()
    assert variables.pop("WEB_PORT") == "20003"
    parts = {name: urlsplit(url) for name, url in variables.items()}
    assert {name: (part.username, part.password, part.port) for name, part in parts.items()} == {
        "DATABASE_URL": ("postgres", "superuser-secret", 20001),
        "INGEST_DATABASE_URL": ("driveops_backend", "backend-secret", 20001),
        "INGEST_MQTT_URL": ("ingest", "ingest-secret", 20002),
        "STACK_FLEET_MQTT_URL": ("fleet", "fleet-secret", 20002),
        "WEB_DATABASE_URL": ("driveops_web", "web-secret", 20001),
        "WEB_AUTH_DATABASE_URL": ("driveops_auth", "auth-secret", 20001),
        "WEB_MQTT_URL": ("web", "web_broker-secret", 20002),
    }


def test_the_gateways_configuration_is_toml_for_the_seeded_device() -> None:
    assert addresses.REPLAY == demo.REPLAY
    read = tomllib.loads(addresses.of(KNOWN, CHOICE).gateway_toml('/a "quoted" folder'))
    assert read["gateway"] == {"tenant": "demo", "device": "replay", "state_folder": '/a "quoted" folder'}
    assert read["broker"] == {"host": "127.0.0.1", "port": 20002, "password": "replay-secret"}
    assert addresses.accounts(KNOWN)["demo/replay"] == "replay-secret"


def test_a_database_of_ones_own_is_used_under_the_backends_role() -> None:
    found = addresses.of(KNOWN, OWN_DATABASE)
    assert found.database_url == OWN_DATABASE.database_url
    assert (
        found.ingest_database_url == "postgresql://driveops_backend:backend-secret@db.example:6000/mine?sslmode=require"
    )


def test_a_given_backend_address_counts_only_beside_a_given_database() -> None:
    given = "postgresql://driveops_backend:theirs@db.example/mine"
    assert addresses.of(KNOWN, replace(OWN_DATABASE, ingest_database_url=given)).ingest_database_url == given
    assert addresses.of(KNOWN, replace(CHOICE, ingest_database_url=given)).ingest_database_url != given


def test_no_secret_shows_when_a_value_is_printed() -> None:
    shown = repr(addresses.of(KNOWN, CHOICE)) + repr(KNOWN) + repr(OWN_DATABASE)
    assert "secret" not in shown
    assert "pw@" not in shown


def test_the_stacks_own_address_is_not_taken_for_a_database_of_ones_own() -> None:
    own = replace(CHOICE, database_url=addresses.own_database_url(KNOWN))
    assert children.without_own_address(own, KNOWN).database_url is None
    assert children.without_own_address(OWN_DATABASE, KNOWN) == OWN_DATABASE
    assert children.without_own_address(own, None) == own


def test_a_part_that_this_stack_does_not_have_is_named() -> None:
    with pytest.raises(errors.StackError, match="no postgres where DATABASE_URL"):
        children.chosen({}, [children.Part.POSTGRES])


def test_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    assert keys.load(tmp_path) is None
    made = keys.ensure(tmp_path, postgres_port=None, broker_port=None)
    assert keys.ensure(tmp_path, postgres_port=None, broker_port=None) == made
    assert keys.load(tmp_path) == made
    secrets = [getattr(made, name) for name in PASSWORDS]
    assert len(set(secrets)) == len(secrets)
    assert made.postgres_port != made.broker_port


def test_keys_of_an_earlier_version_get_what_they_lack_once_and_keep_the_rest(tmp_path: Path) -> None:
    made = keys.ensure(tmp_path, postgres_port=None, broker_port=None)
    stored = json.loads((tmp_path / "keys.json").read_text())
    del stored["web_broker"], stored["web_port"]
    (tmp_path / "keys.json").write_text(json.dumps(stored))

    completed = keys.ensure(tmp_path, postgres_port=None, broker_port=None)

    assert completed.web_broker not in {"", made.web_broker}
    assert replace(completed, web_broker=made.web_broker, web_port=made.web_port) == made
    assert keys.load(tmp_path) == completed


def test_only_the_roles_without_a_given_address_get_a_password() -> None:
    given = replace(OWN_DATABASE, web_database_url="postgresql://driveops_web:theirs@db.example/mine")
    migration = children.table(given, NO_ENGINE, KNOWN)[children.Part.MIGRATE]

    assert isinstance(migration, program.Program)
    assert {"DB_BACKEND_PASSWORD", "DB_AUTH_PASSWORD"} == {name for name in migration.env if name.startswith("DB_")}
    assert addresses.of(KNOWN, given).web_database_url == given.web_database_url


def test_damaged_keys_are_said_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"web": ')
    with pytest.raises(errors.StackError, match="down --purge"):
        keys.load(tmp_path)
