import uuid

from domain import telemetry
from domain.wire import topics
from ingest import registry


def test_a_tenant_that_is_called_otherwise_now_gets_its_live_frames_there() -> None:
    known = registry.Registry()
    ref = telemetry.DeviceRef(id=5, tenant_id=uuid.uuid4(), name="van")
    for slug in ("acme", "acme-oy"):
        topic = topics.device_topic(slug, "van", topics.Lane.FIXES)
        known.forget_topics()
        known.add(topic.encode(), topics.parse(topic), ref)

    assert known.live_topic(0) == topics.live_topic("acme-oy")
    assert len(known.names) == len(known.tenants) == 1
