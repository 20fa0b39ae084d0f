-- replay_starts --
-- For each device the last checkpoint not after a time: from there it is derived anew.
SELECT n.device_id, (extract(epoch FROM c.hour) * 1000000)::bigint, c.state
FROM unnest(%(device_id)s, %(time)s) AS n (device_id, time)
CROSS JOIN LATERAL (
    SELECT hour, state FROM track_checkpoint k
    WHERE k.device_id = n.device_id AND k.hour <= n.time ORDER BY k.hour DESC LIMIT 1
) c;

-- replay_stops --
-- For each device the checkpoint that is so many after a time: there the state may have met again.
SELECT n.device_id, (extract(epoch FROM c.hour) * 1000000)::bigint, c.state
FROM unnest(%(device_id)s, %(time)s) AS n (device_id, time)
CROSS JOIN LATERAL (
    SELECT hour, state FROM track_checkpoint k
    WHERE k.device_id = n.device_id AND k.hour > n.time ORDER BY k.hour LIMIT 1 OFFSET %(skipped)s
) c;

-- kept_since --
-- From when on no chunk is dropped for its age: what lies before may be there or not, but what was derived from it stands.
SELECT date_bin('1 hour', max(now() - (config ->> 'drop_after')::interval), '2000-01-01Z') + INTERVAL '1 hour'
FROM timescaledb_information.jobs
WHERE hypertable_schema = 'public' AND hypertable_name = 'fix' AND proc_name = 'policy_retention';

-- chunk_ranges --
-- The time ranges of the chunks of fix that reach into a range, in order: statements that name one in full lock it alone.
SELECT greatest(range_start, %(since)s::timestamptz), least(range_end, %(until)s::timestamptz)
FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = 'fix'
  AND range_end > %(since)s::timestamptz AND range_start < %(until)s::timestamptz
ORDER BY range_start;

-- set_windows --
-- The windows that `replay_fixes` reads next.
INSERT INTO replay_window (device_id, since, until, place)
SELECT device_id, since, until, place
FROM unnest(%(device_id)s, %(since)s, %(until)s, %(place)s) AS n (device_id, since, until, place);

-- drop_windows --
-- They are read.
DELETE FROM replay_window;

-- replay_fixes --
-- The first fixes of these windows; {since} and {until} are the bounds of one chunk, written out for the planner. Each lateral is
-- a walk on the key (device_id, time).
COPY (
    SELECT f.device_id, f.time, f.lat, f.lon, f.seq, coalesce(f.odometer_m, 'NaN'), f.received_at, f.fix_mode, coalesce(f.alt_m, 'NaN'),
           coalesce(f.speed_mps, 'NaN'), coalesce(f.hdop, 'NaN'), coalesce(f.accuracy_m, 'NaN'), f.distance_m, f.quality,
           f.moving
    FROM replay_window w
    CROSS JOIN LATERAL (
        SELECT * FROM fix i
        WHERE i.device_id = w.device_id AND i.time >= w.since AND i.time < w.until
          AND i.time >= {since} AND i.time < {until} AND i.quality & {outside} = 0
        ORDER BY i.time LIMIT {most}
    ) f
    ORDER BY w.place, f.time LIMIT {most}
) TO STDOUT (FORMAT binary);

-- stored_fixes --
-- Which of these fixes are there, by the key of each; {since} and {until} are their bounds, written out: else every chunk is
-- locked and looked through.
SELECT n.place
FROM unnest(%(device_id)s, %(time)s, %(place)s) AS n (device_id, time, place)
WHERE EXISTS (
    SELECT FROM fix f
    WHERE f.device_id = n.device_id AND f.time = n.time AND f.time >= {since} AND f.time < {until}
);

-- correct_fixes --
-- What follows from the order, of fixes that are there; those that came just now are not corrected but derived. An UPDATE would
-- lock every chunk of the table, whatever its conditions; an INSERT that meets its row locks the row's chunk alone.
INSERT INTO fix AS f (device_id, time, lat, lon, seq, received_at, fix_mode, distance_m, moving, quality, corrected_at)
SELECT device_id, time, lat, lon, seq, received_at, fix_mode, distance_m, moving, quality,
       CASE WHEN is_new THEN NULL ELSE %(now)s END
FROM unnest(%(device_id)s, %(time)s, %(lat)s, %(lon)s, %(seq)s, %(received_at)s, %(fix_mode)s, %(distance_m)s, %(moving)s,
            %(quality)s, %(is_new)s)
     AS n (device_id, time, lat, lon, seq, received_at, fix_mode, distance_m, moving, quality, is_new)
ON CONFLICT (device_id, time) DO UPDATE
SET distance_m = excluded.distance_m, moving = excluded.moving, quality = excluded.quality,
    corrected_at = coalesce(excluded.corrected_at, f.corrected_at);

-- correct_activity --
-- Whole hours in the place of what they were; those that stay the same are not touched.
INSERT INTO activity_hourly AS a (device_id, hour, fixes, distance_m, moving_s, idle_s, max_speed_mps)
SELECT device_id, hour, fixes, distance_m, moving_s, idle_s, nullif(max_speed_mps, 'NaN')
FROM unnest(%(device_id)s, %(hour)s, %(fixes)s, %(distance_m)s, %(moving_s)s, %(idle_s)s, %(max_speed_mps)s)
     AS n (device_id, hour, fixes, distance_m, moving_s, idle_s, max_speed_mps)
ON CONFLICT (device_id, hour) DO UPDATE
SET fixes = excluded.fixes, distance_m = excluded.distance_m, moving_s = excluded.moving_s, idle_s = excluded.idle_s,
    max_speed_mps = excluded.max_speed_mps, corrected_at = %(now)s
WHERE (a.fixes, a.distance_m, a.moving_s, a.idle_s, a.max_speed_mps)
    IS DISTINCT FROM (excluded.fixes, excluded.distance_m, excluded.moving_s, excluded.idle_s, excluded.max_speed_mps);

-- drop_activity --
-- Hours of these windows in which no good fix is any more.
DELETE FROM activity_hourly a
USING unnest(%(device_id)s, %(since)s, %(until)s) AS w (device_id, since, until)
WHERE a.device_id = w.device_id AND a.hour >= w.since AND a.hour < w.until
  AND NOT EXISTS (
      SELECT FROM unnest(%(kept_device_id)s, %(kept_hour)s) AS k (device_id, hour)
      WHERE k.device_id = a.device_id AND k.hour = a.hour
  );

-- drop_checkpoints --
-- Those within these windows that were not come to again.
DELETE FROM track_checkpoint c
USING unnest(%(device_id)s, %(since)s, %(until)s) AS w (device_id, since, until)
WHERE c.device_id = w.device_id AND c.hour >= w.since AND c.hour < w.until
  AND NOT EXISTS (
      SELECT FROM unnest(%(kept_device_id)s, %(kept_hour)s) AS k (device_id, hour)
      WHERE k.device_id = c.device_id AND k.hour = c.hour
  );

-- latest_of --
-- The latest row of each of these devices is this fix of its own; rows that are so already stay untouched. {since} and {until}
-- bound the chunk.
INSERT INTO device_latest AS l (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m,
                                quality, satellites, fix_mode, moving, odometer_m)
SELECT f.device_id, f.time, f.lat, f.lon, f.seq, f.received_at, f.alt_m, f.speed_mps, f.course_deg, f.hdop, f.accuracy_m,
       f.quality, f.satellites, f.fix_mode, f.moving, f.odometer_m
FROM unnest(%(device_id)s, %(time)s) AS n (device_id, time)
JOIN fix f ON f.device_id = n.device_id AND f.time = n.time AND f.time >= {since} AND f.time < {until}
ON CONFLICT (device_id) DO UPDATE
SET time = excluded.time, lat = excluded.lat, lon = excluded.lon, seq = excluded.seq, received_at = excluded.received_at,
    alt_m = excluded.alt_m, speed_mps = excluded.speed_mps, course_deg = excluded.course_deg, hdop = excluded.hdop,
    accuracy_m = excluded.accuracy_m, quality = excluded.quality, satellites = excluded.satellites,
    fix_mode = excluded.fix_mode, moving = excluded.moving, odometer_m = excluded.odometer_m
WHERE (l.time, l.seq, l.lat, l.lon, l.alt_m, l.speed_mps, l.course_deg, l.hdop, l.accuracy_m, l.quality, l.satellites,
       l.fix_mode, l.moving, l.odometer_m)
    IS DISTINCT FROM (excluded.time, excluded.seq, excluded.lat, excluded.lon, excluded.alt_m, excluded.speed_mps,
                      excluded.course_deg, excluded.hdop, excluded.accuracy_m, excluded.quality, excluded.satellites,
                      excluded.fix_mode, excluded.moving, excluded.odometer_m)
RETURNING device_id, (extract(epoch FROM time) * 1000000)::bigint, lat, lon, coalesce(speed_mps, 'NaN'),
          coalesce(course_deg, 'NaN'), fix_mode, moving;

-- drop_latest --
-- Devices of which no good fix is left.
DELETE FROM device_latest WHERE device_id = ANY(%(device_id)s);
