"""The thresholds of all tenants and kinds of devices, numbered: as objects for the domain, as columns for whole batches."""

import uuid
from collections.abc import Mapping

import numpy as np

from domain import fix_quality
from ingest import iso_times

Rules = Mapping[tuple[uuid.UUID, str], fix_quality.Thresholds]
"""By tenant and kind of device; what isn't here is as in fix_quality.DEFAULTS."""

COLUMNS_DTYPE = np.dtype(
    [
        ("max_speed_mps", "f8"),
        ("max_hdop", "f8"),
        ("max_accuracy_m", "f8"),
        ("drift_radius_m", "f8"),
        ("floor_us", "i8"),
    ]
)


class Limits:
    """Thresholds by number; `number_of` gives one to each tenant and kind, and it stays theirs."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules: Rules = rules or {}
        self._numbers: dict[tuple[uuid.UUID, str], int] = {}
        self.thresholds: list[fix_quality.Thresholds] = []
        self.columns = np.zeros(0, COLUMNS_DTYPE)

    def load(self, rules: Rules) -> None:
        """Take these rules in the place of those before."""
        self._rules = rules
        self.thresholds = [self._of(key) for key in self._numbers]
        self.columns = columns(self.thresholds)

    def number_of(self, tenant_id: uuid.UUID, kind: str) -> int:
        """What the thresholds of this tenant's devices of this kind are called."""
        key = (tenant_id, kind)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers)
            self.load(self._rules)
        return self._numbers[key]

    def _of(self, key: tuple[uuid.UUID, str]) -> fix_quality.Thresholds:
        found = self._rules.get(key)
        return found if found is not None else fix_quality.DEFAULTS.get(key[1], fix_quality.Thresholds())


def columns(thresholds: list[fix_quality.Thresholds]) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
    """Thresholds as records of COLUMNS_DTYPE."""
    made = np.zeros(len(thresholds), COLUMNS_DTYPE)
    for row, limits in zip(made, thresholds, strict=True):
        for name in ("max_speed_mps", "max_hdop", "max_accuracy_m", "drift_radius_m"):
            row[name] = getattr(limits, name)
        row["floor_us"] = iso_times.unix_us(limits.floor)
    return made
