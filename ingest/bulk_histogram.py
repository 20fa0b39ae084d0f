"""A Prometheus histogram that takes whole arrays: its own `observe` takes one value at a time, which is too slow for fixes."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from prometheus_client import metrics_core
from prometheus_client.registry import Collector, CollectorRegistry


class BulkHistogram(Collector):
    """Counts values at or below each of `bounds`, in ascending order."""

    def __init__(self, name: str, words: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._name, self._words = name, words
        self._bounds = np.array(bounds, np.float64)
        self._counts = np.zeros(len(bounds) + 1, np.int64)
        self._sum = 0.0
        registry.register(self)

    def observe(self, values: npt.NDArray[np.float64], times: int = 1) -> None:
        """Count these, each so many times; one thread may."""
        places = np.searchsorted(self._bounds, values, side="left")
        self._counts += times * np.bincount(places, minlength=len(self._counts))
        self._sum += times * float(values.sum())

    def collect(self) -> Iterator[metrics_core.Metric]:
        """For the registry."""
        below = np.cumsum(self._counts).tolist()
        names = [*(f"{bound:g}" for bound in self._bounds.tolist()), "+Inf"]
        yield metrics_core.HistogramMetricFamily(
            self._name, self._words, buckets=list(zip(names, below, strict=True)), sum_value=self._sum
        )
