"""The broker's configuration: the one source of the embedded broker's files and of those in deploy/mosquitto."""

from dataclasses import dataclass
from pathlib import PurePath

from domain.wire import topics

#: Our own ends of the broker. Devices are users named `{tenant}/{device}`, so no device can have one of these names.
INGEST, WEB, FLEET = "ingest", "web", "fleet"
MOST_PAYLOAD_BYTES = 2 << 20

_DEVICE_WRITES = (topics.Lane.FIXES, topics.Lane.PANIC, topics.Lane.STATUS, topics.Lane.REPLY)
_SERVER_WRITES = (topics.Lane.ACK, topics.Lane.COMMAND)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where one broker listens and keeps its files."""

    port: int
    address: str | None  #: None: every interface
    password_file: PurePath
    acl_file: PurePath
    data: PurePath


def render(place: Place) -> str:
    """Return mosquitto.conf."""
    return "\n".join(
        (
            f"listener {place.port}{' ' + place.address if place.address else ''}",
            "allow_anonymous false",
            f"password_file {place.password_file}",
            f"acl_file {place.acl_file}",
            "",
            "# Without it QoS 1 on a loopback or a fast network waits for delayed acknowledgements: 600 messages/s.",
            "set_tcp_nodelay true",
            "# Past the limit the broker drops a message and answers success all the same. The default is 1000.",
            "max_queued_messages 1000000",
            "# In bytes of payload. Ingest takes no longer packets, and what it can't be sent would be lost in silence.",
            f"message_size_limit {MOST_PAYLOAD_BYTES}",
            "",
            "# Each save writes everything that is queued. Counted in changes, it slows the broker by the length of the",
            "# queue, just when ingest is down; by the clock it doesn't (docs/decisions/0010).",
            "persistence true",
            f"persistence_location {place.data}/",
            "autosave_interval 5",
            "# No persistent_client_expiration, and no session of ours that expires: when Mosquitto 2.0.21 reads its users",
            "# again (SIGHUP), it puts offline sessions twice on its list of those to expire, and from then on cuts off",
            "# their clients, or others in their place, each second.",
            "",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type notice",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S%z",
            "",
        )
    )


def render_acl() -> str:
    """Return the access list: each device its own prefix, each lane in its own direction, the servers what they do."""
    lines = ["# Ingest reads every device and answers it; what it tells the screens goes out under its own prefix."]
    lines += _user(
        INGEST,
        read=(f"{topics.PREFIX}/#", "owntracks/#"),
        write=tuple(topics.lane_filter(lane) for lane in _SERVER_WRITES),
        both=(f"{topics.OUT_PREFIX}/#",),
    )
    lines += ["# The web server shows what ingest sends out, and tells fobs what has become of their press."]
    lines += _user(WEB, read=(f"{topics.OUT_PREFIX}/#",), write=(topics.lane_filter(topics.Lane.ACK),))
    lines += [
        "# The demo's fleet speaks for all of its devices over one connection. Give it no password in production."
    ]
    lines += _user(
        FLEET,
        write=(f"{topics.PREFIX}/#",),
        read=tuple(topics.lane_filter(lane) for lane in _SERVER_WRITES),
    )
    lines += ["# Every device: %u is its user name, {tenant}/{device}."]
    lines += [f"pattern write {_own(lane)}" for lane in _DEVICE_WRITES]
    lines += [f"pattern read {_own(lane)}" for lane in _SERVER_WRITES]
    # A phone with OwnTracks is a device as well. The app adds its own device id, and a level for all but positions.
    lines += [*(f"pattern write owntracks/%u{below}" for below in ("", "/+", "/+/+")), ""]
    return "\n".join(lines)


def _user(
    name: str, *, read: tuple[str, ...] = (), write: tuple[str, ...] = (), both: tuple[str, ...] = ()
) -> list[str]:
    lines = [f"user {name}"]
    for access, filters in (("read", read), ("write", write), ("readwrite", both)):
        lines += [f"topic {access} {topic}" for topic in filters]
    return [*lines, ""]


def _own(lane: topics.Lane) -> str:
    return topics.lane_filter(lane).replace("/+/+/", "/%u/")
