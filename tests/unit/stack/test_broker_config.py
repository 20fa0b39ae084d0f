from pathlib import Path, PurePosixPath

import pytest

from domain.wire import topics
from stack import broker_config, container_broker, settings

DEPLOY = settings.CHECKOUT / "deploy" / "mosquitto"


def rendered(**changes: object) -> dict[str, str]:
    place = {"port": 1883, "address": "127.0.0.1", "data": PurePosixPath("/d")}
    place |= {"password_file": PurePosixPath("/d/passwords"), "acl_file": PurePosixPath("/d/acl")}
    lines = broker_config.render(broker_config.Place(**(place | changes))).splitlines()  # type: ignore[arg-type]
    return dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("name", container_broker.files())
def test_the_deployed_files_are_what_the_code_renders(name: str) -> None:
    """On a difference run `python -m stack.container_broker`."""
    assert (DEPLOY / name).read_text() == container_broker.files()[name]


def test_the_broker_keeps_what_it_promises() -> None:
    config = rendered()
    assert config["set_tcp_nodelay"] == "true"
    assert config["max_queued_messages"] == "1000000"
    assert config["persistence"] == "true"
    assert config["allow_anonymous"] == "false"


def test_the_embedded_broker_listens_on_the_loopback_alone_and_the_deployed_one_everywhere() -> None:
    assert rendered(port=2883)["listener"] == "2883 127.0.0.1"
    assert rendered(address=None)["listener"] == "1883"


def test_each_lane_of_a_device_goes_in_one_direction() -> None:
    patterns = [line.split() for line in broker_config.render_acl().splitlines() if line.startswith("pattern")]
    directions: dict[str, set[str]] = {}
    for _pattern, access, topic in patterns:
        if topic.startswith(topics.PREFIX):
            directions.setdefault(topic.split("/")[3], set()).add(access)
    assert directions == {
        **{lane: {"write"} for lane in ("fixes", "panic", "status", "reply")},
        **{lane: {"read"} for lane in ("ack", "command")},
    }


def test_no_rule_lets_a_device_past_its_own_name() -> None:
    lines = broker_config.render_acl().splitlines()
    patterns = [line.split()[2] for line in lines if line.startswith("pattern")]
    assert patterns
    assert all("%u" in topic and "#" not in topic for topic in patterns)
    before_the_first_user = lines[: lines.index(f"user {broker_config.INGEST}")]
    assert not any(line.startswith("topic") for line in before_the_first_user), (
        "such a rule would hold for anonymous users"
    )


def test_the_start_script_of_the_container_is_executable() -> None:
    script: Path = DEPLOY / "start.sh"
    assert script.stat().st_mode & 0o111
