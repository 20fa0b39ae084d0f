"""Who is in which fence, by slot; what a batch of fixes changes in that; fences as they are edited."""

import uuid
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import shapely

from db import fence_log, fix_rows
from ingest import fence_engine


class FenceWatch:
    """The engine with the presence of the devices that this process has met."""

    def __init__(self) -> None:
        self.engine = fence_engine.FenceEngine()
        self._presence: dict[int, frozenset[int]] = {}  #: numbers of the engine's fences, by slot

    def load(self, fences: Iterable[tuple[uuid.UUID, uuid.UUID, bytes]]) -> None:
        """Take these fences (id, tenant, WKB) in the place of those before."""
        rows = list(fences)
        polygons = shapely.from_wkb([wkb for _, _, wkb in rows])
        before = self.engine.fences
        self.engine = fence_engine.FenceEngine(
            [
                fence_engine.Fence(id=fence_id, tenant_id=tenant_id, polygon=polygon)
                for (fence_id, tenant_id, _), polygon in zip(rows, polygons, strict=True)
            ]
        )
        ids = {slot: [before[number].id for number in numbers] for slot, numbers in self._presence.items()}
        self._presence = {}
        for slot, inside in ids.items():
            self._set(slot, inside)

    def set_presence(self, slots: Sequence[int], found: Mapping[int, Iterable[uuid.UUID]]) -> None:
        """Take what the database says of these slots."""
        for slot in slots:
            self._set(slot, found.get(slot, ()))

    def judge(
        self, rows: fix_rows.FixRows, starts: npt.NDArray[np.intp], fence_tenant: npt.NDArray[np.int64]
    ) -> fence_log.Crossings:
        """The crossings of fixes that follow on the presence known here.

        Args:
            rows: sorted by device and time.
            starts: index of each device's first row.
            fence_tenant: the engine's index of each row's tenant.
        """
        inside = self.engine.inside(rows["lat"], rows["lon"], fence_tenant)
        found = fence_engine.crossings(
            count=len(rows),
            starts=starts,
            inside=inside,
            before=self._before(rows["slot"][starts], starts),
            fence_count=len(self.engine.fences),
        )
        return self.records(rows, found)

    def records(self, rows: fix_rows.FixRows, found: fence_engine.Crossings) -> fence_log.Crossings:
        """Crossings as the database keeps them."""
        records = np.zeros(len(found.row), fence_log.CROSSING_DTYPE)
        if len(records):
            for name in ("device_id", "time_us", "lat", "lon", "received_us", "late"):
                records[name] = rows[name][found.row]
            records["tenant_id"] = self.engine.tenant_bytes[found.fence]
            records["geofence_id"] = self.engine.id_bytes[found.fence]
            records["entered"] = found.entered
        return records

    def apply(self, crossings: fence_log.Crossings, slots: npt.NDArray[np.int64]) -> None:
        """Move the presence on by crossings; `slots` are those of their devices."""
        columns = zip(slots.tolist(), crossings["geofence_id"].tolist(), crossings["entered"].tolist(), strict=True)
        for slot, fence, entered in columns:
            number = self.engine.number_of[uuid.UUID(bytes=bytes(fence))]
            inside = self._presence.get(slot, frozenset())
            self._presence[slot] = inside | {number} if entered else inside - {number}
            if not self._presence[slot]:
                del self._presence[slot]

    def _set(self, slot: int, fences: Iterable[uuid.UUID]) -> None:
        numbers = frozenset(self.engine.number_of[fence] for fence in fences if fence in self.engine.number_of)
        if numbers:
            self._presence[slot] = numbers
        else:
            self._presence.pop(slot, None)

    def _before(self, slots: npt.NDArray[np.int32], starts: npt.NDArray[np.intp]) -> fence_engine.Pairs:
        row: list[int] = []
        fence: list[int] = []
        if self._presence:
            look_up = self._presence.get
            for slot, start in zip(slots.tolist(), starts.tolist(), strict=True):
                numbers = look_up(slot)
                if numbers:
                    row += [start] * len(numbers)
                    fence += numbers
        return np.array(row, np.int64), np.array(fence, np.int64)
