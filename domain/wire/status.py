"""The `status` lane: retained, with the last will of the device as its offline form."""

from typing import Any

from domain import telemetry
from domain.wire import fields

LONGEST_VERSION = 64
LONGEST_NAME = 128
MOST_ENTRIES = 256
_COUNT_RANGE = (0, 2**53)
_UPTIME_RANGE_S = (0.0, 1e10)


def encode(status: telemetry.Status) -> bytes:
    """Write the payload."""
    return fields.dump(
        fields.drop_none(
            {
                "t": fields.iso_ms(status.time),
                "online": status.online,
                "version": status.version or None,
                "backlog": status.backlog,
                "ports": dict(status.ports),
                "fobs": {fob: _encode_fob(state) for fob, state in status.fobs.items()},
                "gps": str(status.gps),
                "bat": status.battery_pct,
                "uptime_s": status.uptime_s,
            },
        ),
    )


def decode(payload: bytes) -> telemetry.Status:
    """Read the payload; fields that a future version adds are passed over.

    Raises:
        WireError: it names the field at fault.
    """
    record = fields.require_object(fields.load(payload), "status")
    online = record.get("online")
    if not isinstance(online, bool):
        raise fields.WireError("online is neither true nor false")
    try:
        gps = telemetry.GpsState(record.get("gps", "none"))
    except ValueError:
        raise fields.WireError("gps is not one of none, 2d, 3d") from None
    return telemetry.Status(
        time=fields.time(record, "t"),
        online=online,
        version=fields.text(record, "version", LONGEST_VERSION) or "",
        backlog=fields.integer(record, "backlog", *_COUNT_RANGE) or 0,
        gps=gps,
        ports={name: _port(name, state) for name, state in _entries(record.get("ports", {}), "ports").items()},
        fobs={name: _decode_fob(state) for name, state in _entries(record.get("fobs", {}), "fobs").items()},
        battery_pct=fields.number(record, "bat", 0.0, 100.0),
        uptime_s=fields.number(record, "uptime_s", *_UPTIME_RANGE_S),
    )


def _entries(value: Any, what: str) -> dict[str, Any]:
    entries = dict(fields.require_object(value, what))
    if len(entries) > MOST_ENTRIES:
        raise fields.WireError(f"{what} has over {MOST_ENTRIES} entries")
    for name in entries:
        fields.text({"a name in " + what: name}, "a name in " + what, LONGEST_NAME)
    return entries


def _port(name: str, state: Any) -> str:
    return fields.text({name: state}, name, LONGEST_NAME) or ""


def _encode_fob(state: telemetry.FobState) -> dict[str, Any]:
    seen = None if state.seen is None else fields.iso_ms(state.seen)
    return fields.drop_none({"bat": state.battery_pct, "rssi": state.rssi_dbm, "seen": seen})


def _decode_fob(value: Any) -> telemetry.FobState:
    record = fields.require_object(value, "a fob's state")
    return telemetry.FobState(
        battery_pct=fields.number(record, "bat", 0.0, 100.0),
        rssi_dbm=fields.number(record, "rssi", -300.0, 300.0),
        seen=fields.time(record, "seen") if record.get("seen") is not None else None,
    )
