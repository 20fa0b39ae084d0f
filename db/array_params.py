"""numpy arrays as query parameters: a one-dimensional array goes to PostgreSQL as a binary array in one piece.

psycopg would turn it into a list and dump that value by value. https://www.postgresql.org/docs/17/protocol.html has no
text on the layout; it is `array_recv` in src/backend/utils/adt/arrayfuncs.c: dimensions, flags, element type, then length
and lower bound of each dimension, then each element after its length.
"""

import datetime as dt
import struct
import uuid
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import adapt, pq

_HEAD = struct.Struct(">iiiii")
_BOOL, _INT2, _INT4, _INT8, _FLOAT4, _FLOAT8, _TIMESTAMPTZ, _UUID = 16, 21, 23, 20, 700, 701, 1184, 2950
_BOOL_ARRAY, _INT2_ARRAY, _INT4_ARRAY, _INT8_ARRAY = 1000, 1005, 1007, 1016
_FLOAT4_ARRAY, _FLOAT8_ARRAY, _TIMESTAMPTZ_ARRAY, _UUID_ARRAY = 1021, 1022, 1185, 2951
# kind and size of the numpy type: element type, array type, type on the wire
_TYPES: dict[str, tuple[int, int, str]] = {
    "b1": (_BOOL, _BOOL_ARRAY, "?"),
    "i2": (_INT2, _INT2_ARRAY, ">i2"),
    "i4": (_INT4, _INT4_ARRAY, ">i4"),
    "i8": (_INT8, _INT8_ARRAY, ">i8"),
    "f4": (_FLOAT4, _FLOAT4_ARRAY, ">f4"),
    "f8": (_FLOAT8, _FLOAT8_ARRAY, ">f8"),
    "M8": (_TIMESTAMPTZ, _TIMESTAMPTZ_ARRAY, ">i8"),
    "V16": (_UUID, _UUID_ARRAY, "V16"),
}
NO_UUID = uuid.UUID(int=0)
_UNIX_EPOCH, _MICROSECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)
POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01 UTC


def instants(unix_us: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    """Microseconds since 1970 as the numpy type that goes out as timestamptz."""
    return unix_us.astype("M8[us]")


def uuids(ids: Iterable[uuid.UUID | None]) -> npt.NDArray[np.void]:
    """Ids as the numpy type that goes out as uuid; none is `NO_UUID`, since an array has no nulls."""
    return np.frombuffer(b"".join([NO_UUID.bytes if each is None else each.bytes for each in ids]), "V16")


def times(values: Iterable[dt.datetime]) -> npt.NDArray[np.datetime64]:
    """Times that know their zone as the numpy type that goes out as timestamptz."""
    return np.array([(value - _UNIX_EPOCH) // _MICROSECOND for value in values], np.int64).astype("M8[us]")


class ArrayDumper(adapt.Dumper):
    """Dump a one-dimensional numpy array; 16-byte records go out as uuid."""

    format = pq.Format.BINARY

    def get_key(self, obj: npt.NDArray[Any], format: adapt.PyFormat) -> Any:  # noqa: A002, ARG002 - psycopg's own name
        """One dumper for each element type, since the type of the parameter depends on it."""
        return (self.cls, _code(obj))

    def upgrade(self, obj: npt.NDArray[Any], format: adapt.PyFormat) -> "ArrayDumper":  # noqa: A002, ARG002
        """A dumper that knows its element type."""
        dumper = ArrayDumper(self.cls)
        dumper.oid = _TYPES[_code(obj)][1]
        return dumper

    def dump(self, obj: npt.NDArray[Any]) -> bytes:
        """The array in PostgreSQL's binary form."""
        element_oid, _, wire = _TYPES[_code(obj)]
        values = obj.astype(np.int64) - POSTGRES_EPOCH_US if obj.dtype.kind == "M" else obj
        block = np.empty(len(obj), [("length", ">i4"), ("value", wire)])
        block["length"] = block.dtype["value"].itemsize
        block["value"] = values
        if not len(obj):
            return struct.pack(">iii", 0, 0, element_oid)
        return _HEAD.pack(1, 0, element_oid, len(obj), 1) + block.tobytes()


def register(connection: psycopg.Connection[Any]) -> None:
    """Let this connection take numpy arrays as parameters."""
    connection.adapters.register_dumper(np.ndarray, ArrayDumper)


def _code(array: npt.NDArray[Any]) -> str:
    kind = array.dtype.kind
    return "M8" if kind == "M" else f"{kind}{array.dtype.itemsize}"
