"""What Prometheus is told of an ingest process. No label names a tenant or a device: their number has no limit."""

import datetime as dt
import time
from collections.abc import Callable, Iterator

import numpy as np
import prometheus_client
from prometheus_client import metrics_core
from prometheus_client.registry import Collector, CollectorRegistry

from db import reject_log
from domain import fix_quality
from ingest import bulk_histogram, errors, health, pipeline

_PREFIX = "driveops_ingest_"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_AGES_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0, 86_400.0)
_SIZES = (1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
_FLAGS = tuple(fix_quality.FixFlag)


class Metrics:
    """The figures of one process; `note_batch` is called by the thread that commits, the others by the loop."""

    def __init__(self, vitals: health.Vitals) -> None:
        self.registry = CollectorRegistry()
        self.inbox_bytes: dict[str, Callable[[], int]] = {}  #: by lane
        self.queue_depth: Callable[[], int] = lambda: 0
        prometheus_client.ProcessCollector(registry=self.registry)
        self.registry.register(_Vitals(vitals, self))
        self._batch_messages = self._histogram("batch_messages", "Messages in a batch of the fixes lane.", _SIZES)
        self._batch_fixes = self._histogram("batch_fixes", "Fixes in a batch.", _SIZES)
        self._prepare = self._histogram("prepare_seconds", "Computing a batch, fences included.", _SECONDS)
        self._geofence = self._histogram("geofence_seconds", "Fences, of computing a batch.", _SECONDS)
        self._commit = self._histogram("commit_seconds", "Writing a batch, its commit included.", _SECONDS)
        self._fix_age = self._bulk(
            "fix_age_seconds", "Commit minus time of the fix, for each fix; the past counts in full."
        )
        self._wait = self._bulk("receipt_age_seconds", "Commit minus receipt, for each message of the fixes lane.")
        self._press_commit = self._histogram("press_commit_seconds", "Committing a press and its alert.", _SECONDS)
        self._press_wait = self._histogram("press_receipt_age_seconds", "Commit minus receipt, of presses.", _AGES_S)
        self._press_age = self._histogram(
            "press_age_seconds", "Commit minus time of the press, where its clock is set.", _AGES_S
        )
        self._late_batches = self._counter("late_batches", "Batches that changed the past.")
        self._late_fixes = self._counter("late_fixes", "Fixes that were derived again from.")
        self._flagged = self._counter("flagged_fixes", "Fixes with a flag, at their receipt.", "flag")

    def note_batch(self, batch: pipeline.Batch, commit_s: float) -> None:
        """Count a batch that was committed just now, which took so long."""
        self._batch_messages.observe(len(batch.payloads))
        self._batch_fixes.observe(len(batch.rows))
        self._prepare.observe(batch.prepare_s)
        self._geofence.observe(batch.watch_s)
        self._commit.observe(commit_s)
        if len(batch.rows):
            self._fix_age.observe((time.time_ns() // 1_000 - batch.rows["time_us"]) / 1e6)
        if len(batch.late):
            self._late_batches.inc()
            self._late_fixes.inc(len(batch.late))
        for rows in (batch.new, batch.late, batch.aside):
            quality = rows["quality"]
            if quality.any():
                for flag in _FLAGS:
                    self._flagged.labels(str(flag.name).lower()).inc(int(np.count_nonzero(quality & int(flag))))

    def note_wait(self, wait_s: float, messages: int) -> None:
        """Count messages that were committed so long after they came."""
        self._wait.observe(np.array([wait_s]), messages)

    def note_press(self, *, commit_s: float, wait_s: float) -> None:
        """Count a message of the panic lane: what its commit took, and how long ago it came."""
        self._press_commit.observe(commit_s)
        self._press_wait.observe(wait_s)

    def note_press_age(self, age: dt.timedelta) -> None:
        """Count a press that was committed so long after its own time."""
        self._press_age.observe(age.total_seconds())

    def _histogram(self, name: str, words: str, bounds: tuple[float, ...]) -> prometheus_client.Histogram:
        return prometheus_client.Histogram(_PREFIX + name, words, buckets=bounds, registry=self.registry)

    def _bulk(self, name: str, words: str) -> bulk_histogram.BulkHistogram:
        return bulk_histogram.BulkHistogram(_PREFIX + name, words, _AGES_S, self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> prometheus_client.Counter:
        return prometheus_client.Counter(_PREFIX + name, words, labels, registry=self.registry)


class _Vitals(Collector):
    """What is counted for the health file anyway, read when it is asked for."""

    def __init__(self, vitals: health.Vitals, metrics: Metrics) -> None:
        self._vitals, self._metrics = vitals, metrics

    def collect(self) -> Iterator[metrics_core.Metric]:
        """For the registry."""
        vitals = self._vitals
        messages = metrics_core.CounterMetricFamily(_PREFIX + "messages", "Messages committed.", labels=["lane"])
        lanes = {"fixes": vitals.messages, "panic": vitals.presses, "status": vitals.statuses, "phones": vitals.senders}
        for lane, count in lanes.items():
            messages.add_metric([lane], count)
        yield messages
        yield metrics_core.CounterMetricFamily(_PREFIX + "fixes", "Fixes committed.", value=vitals.fixes)
        words = "Fixes of people off duty, not kept."
        yield metrics_core.CounterMetricFamily(_PREFIX + "off_duty_fixes", words, value=vitals.off_duty)
        rejects = metrics_core.CounterMetricFamily(_PREFIX + "rejects", "Messages kept as rejects.", labels=["kind"])
        for kind in reject_log.Kind:
            rejects.add_metric([str(kind)], reject_log.ADDED[kind])
        yield rejects
        inbox = metrics_core.GaugeMetricFamily(
            _PREFIX + "inbox_bytes", "Bytes received and not committed.", labels=["lane"]
        )
        for lane, weigh in self._metrics.inbox_bytes.items():
            inbox.add_metric([lane], weigh())
        yield inbox
        gauges = {
            "shards_held": ("Shards that this process reads.", vitals.shards),
            "sender_queue_messages": (
                "Messages that wait in sender_queue, of all shards.",
                self._metrics.queue_depth(),
            ),
            "database_connected": ("1 at work, 0 paused.", vitals.database == health.CONNECTED),
            "broker_connected": ("1 where all sessions stand.", vitals.broker == health.CONNECTED),
        }
        for name, (words, value) in gauges.items():
            yield metrics_core.GaugeMetricFamily(_PREFIX + name, words, value=float(value))


class Listener:
    """The HTTP server that Prometheus asks, in a thread of its own."""

    def __init__(self, metrics: Metrics, host: str, port: int) -> None:
        try:
            self._server, self._thread = prometheus_client.start_http_server(port, addr=host, registry=metrics.registry)
        except OSError as error:
            raise errors.SettingsError(f"INGEST_METRICS_ADDRESS: {host}:{port}: {error.strerror or error}") from None

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
