"""Reads view frames as a browser does."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from api import view_frame

_UNIT_COLUMNS = {"ids": "<u4", "x": "<u2", "y": "<u2", "course": "u1", "status": "u1", "age": "u1"}
_CLUSTER_COLUMNS = {"x": "<u2", "y": "<u2", "units": "<u4", "moving": "<u4", "alerts": "<u2"}


@dataclass(frozen=True, kw_only=True)
class Frame:
    kind: view_frame.Kind
    tick_ms: int
    box: view_frame.Box
    columns: dict[str, npt.NDArray[Any]]
    removed: list[int]

    @property
    def ids(self) -> list[int]:
        found: list[int] = self.columns["ids"].tolist()
        return found

    @property
    def lat(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.box.south + self.columns["y"] / 65535 * (self.box.north - self.box.south))

    @property
    def lon(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.box.west + self.columns["x"] / 65535 * (self.box.east - self.box.west))


def read(data: bytes) -> Frame:
    magic, version, kind, tick_ms, *box, count, removed = view_frame.HEADER.unpack_from(data)
    assert (magic, version) == (b"DV", 1)
    offset = 64
    columns = {}
    for name, code in (_CLUSTER_COLUMNS if kind == view_frame.Kind.CLUSTERS else _UNIT_COLUMNS).items():
        columns[name] = np.frombuffer(data, code, count, offset)
        offset += columns[name].nbytes
    gone = np.frombuffer(data, "<u4", removed, offset).tolist()
    assert len(data) == offset + 4 * removed
    west, south, east, north = box
    return Frame(
        kind=view_frame.Kind(kind),
        tick_ms=tick_ms,
        box=view_frame.Box(west=west, south=south, east=east, north=north),
        columns=columns,
        removed=gone,
    )
