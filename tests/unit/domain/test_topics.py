import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.wire import topics

segments = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@given(segments, segments, st.sampled_from(topics.Lane))
def test_a_topic_is_read_back_as_it_was_written(tenant: str, device: str, lane: topics.Lane) -> None:
    parsed = topics.parse(topics.device_topic(tenant, device, lane))

    assert (parsed.tenant, parsed.device, parsed.lane) == (tenant, device, lane)
    assert parsed.shard == (topics.shard_of(tenant, device) if lane is topics.Lane.FIXES else None)


@given(st.text())
def test_any_other_text_is_refused_with_its_own_error(text: str) -> None:
    with pytest.raises(topics.TopicError):
        topics.parse(text)
    with pytest.raises(topics.TopicError):
        topics.parse(f"driveops/v1/{text}")


def test_the_shard_is_crc_32_modulo_64() -> None:
    assert topics.shard_of("demo", "van-01") == zlib.crc32(b"demo/van-01") % 64


def test_a_foreign_shard_is_refused() -> None:
    wrong = (topics.shard_of("demo", "van-01") + 1) % 64

    with pytest.raises(topics.TopicError, match="shard"):
        topics.parse(f"driveops/v1/demo/van-01/fixes/{wrong:02x}")


@pytest.mark.parametrize("name", ["", "+", "#", "a/b", "a\x00", "x" * 65, "-van", "é", "van 1", "van\n", "$SYS"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(name: str) -> None:
    with pytest.raises(topics.TopicError):
        topics.require_segment(name)


@pytest.mark.parametrize(
    "topic",
    [
        "driveops/v1/demo/van-01/fixes",
        "driveops/v1/demo/van-01/panic/00",
        "driveops/v1/demo/van-01/sing",
        "driveops/v2/demo/van-01/panic",
        "driveops/v1/demo/van-01",
    ],
)
def test_topics_of_another_form_are_refused(topic: str) -> None:
    with pytest.raises(topics.TopicError):
        topics.parse(topic)


def test_the_filter_of_a_shard_has_two_hex_digits() -> None:
    assert topics.shard_filter(10) == "driveops/v1/+/+/fixes/0a"
    assert topics.lane_filter(topics.Lane.PANIC) == "driveops/v1/+/+/panic"
    assert topics.lane_filter(topics.Lane.FIXES) == "driveops/v1/+/+/fixes/+"


def test_what_the_server_writes_stands_under_out() -> None:
    assert topics.live_topic("demo") == "driveops/out/demo/live"
    assert topics.event_topic("demo", "GeofenceEntered") == "driveops/out/demo/events/GeofenceEntered"


def test_the_tenant_of_a_frame_is_read_from_its_topic() -> None:
    assert topics.live_filter() == "driveops/out/+/live"
    assert topics.live_tenant(topics.live_topic("demo")) == "demo"


@pytest.mark.parametrize("topic", ["driveops/out/demo", "driveops/out/a/b/live", "driveops/v1/demo/live", "live", ""])
def test_a_topic_of_no_frames_has_no_tenant(topic: str) -> None:
    with pytest.raises(topics.TopicError):
        topics.live_tenant(topic)


@pytest.mark.parametrize(
    ("topic", "whose"),
    [
        ("driveops/v1/acme/phone-3/fixes/00", ("acme", "phone-3")),
        ("driveops/v1/acme/phone-3/fixes/what/ever/", ("acme", "phone-3")),
        ("driveops/v1/acme/phone-3/", ("acme", "phone-3")),
        ("driveops/v1/acme/phone-3", None),
        ("driveops/v1/acme//fixes/00", None),
        ("driveops/v1/acme/-/fixes/00", None),
        ("driveops/v1/acme/\ufffd/fixes/00", None),
        ("driveops/v1/acme/phone-3\n/fixes/00", None),
        ("driveops/v10/acme/phone-3/fixes/00", None),
        ("other/driveops/v1/acme/phone-3", None),
        ("", None),
    ],
)
def test_a_prefix_names_its_device_whatever_comes_after_it(topic: str, whose: tuple[str, str] | None) -> None:
    assert topics.named(topic) == whose
