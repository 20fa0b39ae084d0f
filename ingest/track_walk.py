"""One device's fixes through the plain fold, one by one; runs of driving or standing are taken as columns even here."""

import dataclasses

import numpy as np

from domain import track
from ingest import track_batch, track_columns

_SHORT_RUN = 4
"""Fewer fixes than these are stepped through faster than gathered."""
_FIRST_STANDING_RUN = 64


class Walk:
    """One device's rows, in order."""

    def __init__(self, batch: track_batch.TrackBatch, index: int) -> None:
        self._batch, self._index = batch, index
        self._at, self._end = int(batch.starts[index]), int(batch.ends[index])
        self._was = batch.states.get(index)
        self._state = track_columns.whole_state(batch.before[index], self._was)

    def go(self) -> None:
        """Take all rows."""
        batch = self._batch
        while self._at < self._end:
            if batch.lists.opens[self._at]:
                batch.note(self._at, self._state)
            elif self._take_a_run():
                continue
            self._step()
        after = batch.result.after
        track_columns.columns_of(self._state, after, self._index)
        if not self._state.is_plain:
            batch.result.states[self._index] = self._state
        if not track_columns.differ_by_last_alone(self._state, self._was or track.START):
            batch.result.changed.append(self._index)

    def _take_a_run(self) -> bool:
        """Take the next rows as columns, where they are enough and all of one kind."""
        if self._state.is_plain:
            steady, count = self._batch.lists.steady, 0
            most = self._end - self._at
            while count < most and steady[self._at + count]:
                count += 1
            if count < _SHORT_RUN:
                return False
            self._batch.legs(slice(self._at, self._at + count), moving=True)
            self._at += count
            self._state = self._batch.plain(self._at - 1)
            return True
        return track_columns.is_settled(self._state) and self._stand()

    def _stand(self) -> bool:
        anchor = self._state.anchor
        assert anchor is not None
        batch, width = self._batch, _FIRST_STANDING_RUN
        taken = 0
        while self._at < self._end:
            part = slice(self._at, min(self._end, self._at + width))
            rows = batch.rows[part]
            away_m = track_columns.distances(
                np.full(len(rows), anchor.lat), np.full(len(rows), anchor.lon), rows["lat"], rows["lon"]
            )
            ends = batch.jumps[part] | batch.drives[part] | batch.opens[part] | ~np.isnan(rows["odometer_m"])
            ends |= away_m > track.PARKED_RADII * batch.radius_m[part]
            count = int(np.argmax(ends)) if ends.any() else len(rows)
            if count:
                part = slice(self._at, self._at + count)
                batch.legs(part, moving=False)
                batch.rows["place_lat"][part], batch.rows["place_lon"][part] = anchor.lat, anchor.lon
                self._at, taken, width = self._at + count, taken + count, width * 4
            if count < len(rows):
                break
        if taken:
            self._state = dataclasses.replace(self._state, last=batch.place(self._at - 1), moving=False)
        return taken > 0

    def _step(self) -> None:
        time_us, lat, lon, speed, odometer, accuracy = self._batch.lists.points[self._at]
        point = track.Point(
            time_us=time_us,
            lat=lat,
            lon=lon,
            speed_mps=track_columns.told(speed),
            accuracy_m=track_columns.told(accuracy),
            odometer_m=track_columns.told(odometer),
        )
        limits = self._batch.thresholds[self._index]
        self._state, verdict = track.step(self._state, point, limits, track_columns.distance_m)
        row = self._batch.rows[self._at]
        row["quality"] |= int(verdict.flags)
        row["distance_mm"] = round(verdict.way_m * 1e3)
        row["moving"] = verdict.moving
        counted_ms = round(verdict.counted_us / 1e3)
        row["moving_ms"], row["idle_ms"] = (counted_ms, 0) if verdict.moving else (0, counted_ms)
        row["place_lat"], row["place_lon"] = verdict.lat, verdict.lon
        self._at += 1
