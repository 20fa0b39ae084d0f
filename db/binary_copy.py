"""PostgreSQL's binary COPY format, written from numpy columns a block at a time.

https://www.postgresql.org/docs/17/sql-copy.html#SQL-COPY-FILE-FORMATS
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_NULL_LENGTH = -1


@dataclass(frozen=True, slots=True)
class Column:
    """Values in their big-endian type on the wire, and where they are null."""

    values: npt.NDArray[Any]
    null: npt.NDArray[np.bool_] | None = None


def encode(columns: Sequence[Column]) -> bytes:
    """A whole COPY stream; rows with the same columns null stand together, since only these have one layout."""
    blocks = [_block(columns, rows, nulls) for nulls, rows in _by_nulls(columns)]
    return b"".join([HEADER, *blocks, TRAILER])


def decode(stream: bytes, types: Sequence[tuple[str, str]]) -> npt.NDArray[np.void]:
    """Read a COPY stream whose rows have no null and only columns of fixed size.

    Args:
        stream: from the header to the trailer.
        types: name and big-endian type of each column.

    Raises:
        ValueError: the rows are not of this layout.
    """
    layout: list[tuple[str, str]] = [("_fields", ">i2")]
    for name, wire in types:
        layout += [(f"_length_{name}", ">i4"), (name, wire)]
    body = memoryview(stream)[len(HEADER) : -len(TRAILER)]
    rows = np.frombuffer(body, np.dtype(layout))
    if (rows["_fields"] != len(types)).any():
        raise ValueError(f"rows are not of {len(types)} columns")
    return rows[[name for name, _ in types]]


def _by_nulls(
    columns: Sequence[Column],
) -> list[tuple[frozenset[int], npt.NDArray[np.intp] | None]]:
    """The sets of null columns that occur, each with its rows; None stands for all rows."""
    nullable = [(index, column.null) for index, column in enumerate(columns) if column.null is not None]
    if not len(columns[0].values):
        return []
    code = np.zeros(len(columns[0].values), np.int64)
    for bit, (_, null) in enumerate(nullable):
        code |= null.astype(np.int64) << bit
    if (code == code[0]).all():
        return [(_null_columns(int(code[0]), nullable), None)]
    return [(_null_columns(int(c), nullable), np.flatnonzero(code == c)) for c in np.unique(code)]


def _null_columns(code: int, nullable: Sequence[tuple[int, Any]]) -> frozenset[int]:
    return frozenset(index for bit, (index, _) in enumerate(nullable) if code >> bit & 1)


def _block(columns: Sequence[Column], rows: npt.NDArray[np.intp] | None, nulls: frozenset[int]) -> bytes:
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for index, column in enumerate(columns):
        layout.append((f"length{index}", ">i4"))
        if index not in nulls:
            layout.append((f"value{index}", column.values.dtype))
    block = np.empty(len(columns[0].values) if rows is None else len(rows), np.dtype(layout))
    block["fields"] = len(columns)
    for index, column in enumerate(columns):
        block[f"length{index}"] = _NULL_LENGTH if index in nulls else column.values.dtype.itemsize
        if index not in nulls:
            block[f"value{index}"] = column.values if rows is None else column.values[rows]
    return block.tobytes()
