"""Topic names, what they are made of, and the shard of a device."""

import re
import zlib
from dataclasses import dataclass
from enum import StrEnum

from domain import errors

SHARDS = 64
PREFIX = "driveops/v1"
OUT_PREFIX = "driveops/out"
_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_SHARD = re.compile(r"[0-3][0-9a-f]", re.ASCII)
_LIVE = "live"
_LEVELS_PLAIN = 5
_LEVELS_SHARDED = 6


class TopicError(errors.DomainError):
    """A topic is not one of ours, or a name cannot stand in one."""

    code = "bad_topic"


class Lane(StrEnum):
    """The last or last but one level of a device's topic."""

    FIXES = "fixes"
    PANIC = "panic"
    STATUS = "status"
    REPLY = "reply"
    ACK = "ack"
    COMMAND = "command"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTopic:
    """A topic under a device's prefix, taken apart."""

    tenant: str
    device: str
    lane: Lane
    shard: int | None = None  #: fixes only


def require_segment(name: str) -> str:
    """Give back a tenant's or device's name that may stand in a topic: 1–64 of A–Z a–z 0–9 . _ -, the first alphanumeric.

    Raises:
        TopicError: it may not.
    """
    if not _SEGMENT.fullmatch(name):
        raise TopicError(
            f"{name!r} cannot be a topic level: use 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit"
        )
    return name


def shard_of(tenant: str, device: str) -> int:
    """CRC-32 of `{tenant}/{device}` modulo 64.

    >>> 0 <= shard_of("demo", "van-01") < SHARDS
    True
    """
    return zlib.crc32(f"{tenant}/{device}".encode()) % SHARDS


def device_topic(tenant: str, device: str, lane: Lane) -> str:
    """The topic of one lane of one device.

    >>> device_topic("demo", "van-01", Lane.PANIC)
    'driveops/v1/demo/van-01/panic'
    """
    stem = f"{PREFIX}/{require_segment(tenant)}/{require_segment(device)}/{lane}"
    return f"{stem}/{shard_of(tenant, device):02x}" if lane is Lane.FIXES else stem


def shard_filter(shard: int) -> str:
    """The subscription for all fixes of one shard."""
    return f"{PREFIX}/+/+/{Lane.FIXES}/{shard:02x}"


def lane_filter(lane: Lane) -> str:
    """The subscription for one lane of every device."""
    return f"{PREFIX}/+/+/{lane}" + ("/+" if lane is Lane.FIXES else "")


def live_topic(tenant: str) -> str:
    """Where the delta frames of a tenant go."""
    return f"{OUT_PREFIX}/{require_segment(tenant)}/{_LIVE}"


def live_filter() -> str:
    """The subscription for the delta frames of every tenant."""
    return f"{OUT_PREFIX}/+/{_LIVE}"


def live_tenant(topic: str) -> str:
    """Whose delta frames a topic carries.

    Raises:
        TopicError: not of the form `driveops/out/{tenant}/live`.
    """
    tenant = topic.removeprefix(OUT_PREFIX + "/").removesuffix("/" + _LIVE)
    if topic != f"{OUT_PREFIX}/{tenant}/{_LIVE}":
        raise TopicError(f"not a topic of delta frames: {topic[:200]!r}")
    return require_segment(tenant)


def event_topic(tenant: str, name: str) -> str:
    """Where an integration event of a tenant goes."""
    return f"{OUT_PREFIX}/{require_segment(tenant)}/events/{require_segment(name)}"


def parse(topic: str) -> DeviceTopic:
    """Take a device's topic apart.

    Raises:
        TopicError: not of the form `driveops/v1/{tenant}/{device}/{lane}[/{shard}]`, or a shard that isn't the device's.
    """
    levels = topic.split("/")
    if not topic.startswith(PREFIX + "/") or len(levels) not in (_LEVELS_PLAIN, _LEVELS_SHARDED):
        raise TopicError(f"not a topic of a device: {topic[:200]!r}")
    tenant, device = require_segment(levels[2]), require_segment(levels[3])
    try:
        lane = Lane(levels[4])
    except ValueError:
        raise TopicError(f"no such lane: {levels[4][:64]!r}") from None
    if (lane is Lane.FIXES) != (len(levels) == _LEVELS_SHARDED):
        raise TopicError(f"only the fixes lane has a shard, and must have one: {topic!r}")
    if lane is not Lane.FIXES:
        return DeviceTopic(tenant=tenant, device=device, lane=lane)
    shard = shard_of(tenant, device)
    if not _SHARD.fullmatch(levels[5]) or int(levels[5], 16) != shard:
        raise TopicError(f"shard {levels[5][:8]!r} in {topic[:200]!r}, but this device's is {shard:02x}")
    return DeviceTopic(tenant=tenant, device=device, lane=lane, shard=shard)


def named(topic: str) -> tuple[str, str] | None:
    """Tenant and device whose prefix a topic is under, whatever comes after it; None where it is under nobody's.

    >>> named("driveops/v1/acme/phone-3/fixes/00")
    ('acme', 'phone-3')
    """
    if not topic.startswith(PREFIX + "/"):
        return None
    levels = topic.split("/", _LEVELS_PLAIN - 1)
    if len(levels) < _LEVELS_PLAIN:
        return None
    try:
        return require_segment(levels[2]), require_segment(levels[3])
    except TopicError:
        return None
