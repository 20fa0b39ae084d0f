"""docker-compose.yml against the code: no engine runs it here, so every name in it is held against what it stands for."""

import dataclasses
import logging
import re
import shlex
from pathlib import PurePosixPath
from typing import Any

import pytest
import typer.main
import yaml

import dashboard.__main__
import db.cli
import ingest.__main__
import stack.cli
from db import roles
from ingest import settings
from stack import broker_config, health, web_vendor
from tests.meta import command_lines, repository

COMPOSE: dict[str, Any] = yaml.safe_load(repository.document("docker-compose.yml"))
METRICS: dict[str, Any] = yaml.safe_load(repository.document("deploy/compose.metrics.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
APPS = {
    "dashboard": typer.main.get_command(dashboard.__main__.app),
    "db": typer.main.get_command(db.cli.app),
    "ingest": typer.main.get_command(ingest.__main__.app),
    "stack": typer.main.get_command(stack.cli.app),
}
OF_THE_IMAGES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD", "TIMESCALEDB_TELEMETRY"}


def test_the_issues_services_are_there() -> None:
    assert set(SERVICES) == {"db", "broker", "broker-users", "migrate", "ingest", "web", "seed", "fleet"}


def test_every_variable_of_the_composition_is_in_the_example_and_documented() -> None:
    files = "docker-compose.yml", "deploy/compose.metrics.yml"
    used = {name for file in files for name in re.findall(r"(?<!\$)\$\{([A-Z_]+)", repository.document(file))}
    example = set(re.findall(r"^#? ?([A-Z_]+)=", repository.document(".env.example"), re.MULTILINE))

    assert used - example == set()
    assert sorted(name for name in used if f"`{name}`" not in repository.document("docs/configuration.md")) == []


@pytest.mark.parametrize("name", OURS)
def test_every_variable_given_to_our_services_is_read_by_the_code(name: str) -> None:
    assert set(OURS[name].get("environment", {})) - repository.variables_in_code() == set()


def test_ingest_gets_every_setting_that_it_reads() -> None:
    names = {name for name in repository.variables_in_code() if name.startswith("INGEST_")}

    # The broker is on the composition's own network, without TLS.
    assert set(SERVICES["ingest"]["environment"]) == names - {"INGEST_MQTT_CA"}


def test_ingest_starts_with_what_it_gets_where_nothing_is_set() -> None:
    given = {
        name: re.sub(r"\$\{\w+(?::-([^}]*))?\}", r"\1", value)
        for name, value in SERVICES["ingest"]["environment"].items()
    }
    choice = settings.Settings.from_env(given)
    defaults = {field.name: field.default for field in dataclasses.fields(choice)}

    assert given["INGEST_LOG_LEVEL"] in logging.getLevelNamesMapping()
    assert {name for name, default in defaults.items() if getattr(choice, name) != default} == {
        *("database_url", "broker", "health_file", "metrics_at", "http_host", "http_trusted_proxies")
    }


def test_the_metrics_are_published_on_loopback_where_ingest_answers() -> None:
    [port] = METRICS["services"]["ingest"]["ports"]

    assert METRICS["services"].keys() <= SERVICES.keys()
    assert port.startswith("127.0.0.1:")
    assert SERVICES["ingest"]["environment"]["INGEST_METRICS_ADDRESS"] == f"0.0.0.0:{port.rsplit(':', 1)[1]}"
    assert "COMPOSE_FILE=docker-compose.yml:deploy/compose.metrics.yml" in repository.document(".env.example")


def test_the_broker_gets_what_its_start_reads() -> None:
    read = set(re.findall(r"\$\{?:? ?\"?(MQTT_[A-Z_]+)", repository.document("deploy/mosquitto/start.sh")))

    assert set(SERVICES["broker"]["environment"]) == read


@pytest.mark.parametrize("name", OURS)
def test_every_command_and_option_exists(name: str) -> None:
    program, *arguments = OURS[name]["command"]
    known = dict(command_lines.of_click(APPS[program], program))
    path = [program, *[word for word in arguments if not word.startswith("-")]]
    command = next(" ".join(path[:end]) for end in range(len(path), 0, -1) if " ".join(path[:end]) in known)

    assert [word for word in arguments if word.startswith("--") and word not in known[command]] == []


# The demo's fleet serves nobody: it is seen on the map or not.
LASTING = [name for name, service in SERVICES.items() if service.get("restart") != "no" and name != "fleet"]


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_has_a_health_check_that_ends(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert {"test", "interval", "timeout"} <= set(check)


def test_ingests_health_check_is_a_command_of_ingest() -> None:
    assert shlex.join(SERVICES["ingest"]["healthcheck"]["test"][1:]) == "python -m ingest health"
    assert "ingest health" in dict(command_lines.of_click(APPS["ingest"], "ingest"))


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_on_loopback_and_images_pinned(name: str) -> None:
    ports = [re.sub(r"^\$\{MQTT_TLS_ADDRESS:-([\d.]+)\}", r"\1", port) for port in SERVICES[name].get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert re.search(r":[\w.-]*\d+\.\d+[\w.-]*$", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_can_come(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[other]
        else:
            assert wait["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no"


def test_the_webs_health_check_asks_what_the_stack_asks_on_the_port_that_is_published() -> None:
    asked = SERVICES["web"]["healthcheck"]["test"][-1]
    port = SERVICES["web"]["ports"][0].rsplit(":", 1)[1]
    assert f"http://127.0.0.1:{port}{health.HEALTH_PATH}" in asked


def test_the_image_holds_every_library_that_the_stack_gives_browsers() -> None:
    dockerfile = repository.document("Dockerfile")
    assert [name for name in web_vendor.WANTED[web_vendor.BROWSER] if name not in dockerfile] == []


def test_users_and_roles_are_those_of_the_code() -> None:
    text = repository.document("docker-compose.yml")

    assert f"postgresql://{roles.WEB}:" in text
    assert f"postgresql://{roles.AUTH}:" in text
    assert f"mqtt://{broker_config.WEB}:" in text
    assert f"postgresql://{roles.BACKEND}:" in text
    assert f"mqtt://{broker_config.INGEST}:" in text
    assert f"mqtt://{broker_config.FLEET}:" in text


def test_broker_users_writes_the_file_that_the_broker_reads_as_the_user_whose_it_is() -> None:
    service = SERVICES["broker-users"]
    mounted = {volume.split(":")[0]: volume.split(":")[1] for volume in service["volumes"]}
    brokers = {volume.split(":")[0]: volume.split(":")[1] for volume in SERVICES["broker"]["volumes"]}
    written = PurePosixPath(service["command"][service["command"].index("--write") + 1])
    read = re.search(r"^password_file (.*)$", repository.document("deploy/mosquitto/mosquitto.conf"), re.MULTILINE)

    assert read is not None
    assert PurePosixPath(brokers["broker-data"]) / written.relative_to(mounted["broker-data"]) == PurePosixPath(read[1])
    assert service["user"] == "1883:1883"


def test_the_broker_and_the_web_find_their_certificates_where_the_documents_say() -> None:
    start, environment = repository.document("deploy/mosquitto/start.sh"), repository.document(".env.example")

    assert "certificates=/mosquitto/tls\n" in start
    assert "./deploy/tls/server:/mosquitto/tls:ro" in SERVICES["broker"]["volumes"]
    assert "./deploy/tls/ca:/etc/driveops/tls:ro" in SERVICES["web"]["volumes"]
    assert "WEB_DEVICE_BROKER_CA=/etc/driveops/tls/broker-ca.pem" in environment


def test_build_targets_and_copied_files_exist() -> None:
    dockerfile = repository.document("Dockerfile")
    stages = set(re.findall(r"^FROM \S+ AS (\w+)", dockerfile, re.MULTILINE))
    copied = [line.split()[1:-1] for line in dockerfile.splitlines() if line.startswith("COPY ")]
    sources = [source for words in copied if not words[0].startswith("--from") for source in words]

    assert {service["build"]["target"] for service in OURS.values()} <= stages
    assert [source for source in sources if not (repository.ROOT / source).exists()] == []


def test_mounted_files_exist() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (repository.ROOT / source).exists()


def test_every_variable_that_holds_a_secret_must_be_set() -> None:
    text = repository.document("docker-compose.yml")
    for name in set(re.findall(r"\$\{([A-Z_]+PASSWORD)", text)) - {"MQTT_FLEET_PASSWORD"}:
        assert f"${{{name}:?" in text
