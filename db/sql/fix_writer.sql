-- prepare_session --
-- Staging of one connection, empty at the end of each transaction.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_latest (LIKE device_latest) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS staged_activity (LIKE activity_hourly) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS replay_window (device_id integer, since timestamptz, until timestamptz, place integer)
ON COMMIT DELETE ROWS;

-- copy_fixes --
-- Fixes that are known to be new: newer than all that their device has.
COPY fix (time, lat, lon, seq, received_at, device_id, alt_m, speed_mps, course_deg, hdop, accuracy_m, distance_m,
          quality, satellites, fix_mode, moving, late, odometer_m, out_of_order)
FROM STDIN (FORMAT binary);

-- copy_latest --
-- The newest fix of each device in a batch.
COPY staged_latest (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality,
                    satellites, fix_mode, moving, odometer_m)
FROM STDIN (FORMAT binary);

-- move_latest --
-- A row never goes back (R56). An update costs a third less than INSERT … ON CONFLICT, and nearly all rows are there.
UPDATE device_latest AS l
SET time = n.time, lat = n.lat, lon = n.lon, seq = n.seq, received_at = n.received_at, alt_m = n.alt_m,
    speed_mps = n.speed_mps, course_deg = n.course_deg, hdop = n.hdop, accuracy_m = n.accuracy_m, quality = n.quality,
    satellites = n.satellites, fix_mode = n.fix_mode, moving = n.moving, odometer_m = n.odometer_m
FROM staged_latest AS n
WHERE l.device_id = n.device_id AND n.time > l.time;

-- add_latest --
-- Devices that had no row yet.
INSERT INTO device_latest (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m,
                           quality, satellites, fix_mode, moving, odometer_m)
SELECT device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality, satellites,
       fix_mode, moving, odometer_m
FROM staged_latest
ON CONFLICT DO NOTHING;

-- copy_activity --
-- What the new fixes of a batch add to their hours.
COPY staged_activity (device_id, hour, fixes, distance_m, moving_s, idle_s, max_speed_mps) FROM STDIN (FORMAT binary);

-- add_activity --
-- Whole millimetres and milliseconds add up without an error, and rounding keeps them whole.
UPDATE activity_hourly AS a
SET fixes = a.fixes + n.fixes,
    distance_m = round((a.distance_m + n.distance_m) * 1000) / 1000,
    moving_s = round((a.moving_s + n.moving_s) * 1000) / 1000,
    idle_s = round((a.idle_s + n.idle_s) * 1000) / 1000,
    max_speed_mps = greatest(a.max_speed_mps, n.max_speed_mps)
FROM staged_activity AS n
WHERE a.device_id = n.device_id AND a.hour = n.hour;

-- begin_activity --
-- Hours that had no row yet; the others have been added to.
INSERT INTO activity_hourly (device_id, hour, fixes, distance_m, moving_s, idle_s, max_speed_mps)
SELECT device_id, hour, fixes, distance_m, moving_s, idle_s, max_speed_mps FROM staged_activity
ON CONFLICT DO NOTHING;

-- insert_late --
-- Fixes that may be there already: of two contents for one key the better quality wins (domain.telemetry.quality_rank). That a
-- fix was from the future stays as it was at its first receipt. Those told are the ones that made a difference.
INSERT INTO fix AS f (time, lat, lon, seq, received_at, device_id, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality,
                      satellites, fix_mode, late, odometer_m, out_of_order)
SELECT time, lat, lon, seq, received_at, device_id, nullif(alt_m, 'NaN'), nullif(speed_mps, 'NaN'), nullif(course_deg, 'NaN'),
       nullif(hdop, 'NaN'), nullif(accuracy_m, 'NaN'), quality, nullif(satellites, -1), fix_mode, late,
       nullif(odometer_m, 'NaN'), out_of_order
FROM unnest(%(device_id)s, %(time)s, %(lat)s, %(lon)s, %(seq)s, %(received_at)s, %(alt_m)s, %(speed_mps)s, %(course_deg)s,
            %(hdop)s, %(accuracy_m)s, %(quality)s, %(satellites)s, %(fix_mode)s, %(late)s, %(odometer_m)s, %(out_of_order)s)
     AS n (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality, satellites,
           fix_mode, late, odometer_m, out_of_order)
ON CONFLICT (device_id, time) DO UPDATE
SET lat = excluded.lat, lon = excluded.lon, seq = excluded.seq, received_at = excluded.received_at, alt_m = excluded.alt_m,
    speed_mps = excluded.speed_mps, course_deg = excluded.course_deg, hdop = excluded.hdop, accuracy_m = excluded.accuracy_m,
    quality = (excluded.quality & ~%(future)s::integer) | (f.quality & %(future)s::integer), satellites = excluded.satellites,
    fix_mode = excluded.fix_mode, late = excluded.late, odometer_m = excluded.odometer_m,
    out_of_order = excluded.out_of_order
WHERE (excluded.fix_mode, -coalesce(excluded.hdop, %(unknown_hdop)s), excluded.seq, excluded.lat, excluded.lon,
       coalesce(excluded.alt_m, '-Infinity'), coalesce(excluded.speed_mps, '-Infinity'), coalesce(excluded.course_deg, '-Infinity'),
       coalesce(excluded.accuracy_m, '-Infinity'), coalesce(excluded.satellites, -1), coalesce(excluded.odometer_m, '-Infinity'))
    > (f.fix_mode, -coalesce(f.hdop, %(unknown_hdop)s), f.seq, f.lat, f.lon,
       coalesce(f.alt_m, '-Infinity'), coalesce(f.speed_mps, '-Infinity'), coalesce(f.course_deg, '-Infinity'),
       coalesce(f.accuracy_m, '-Infinity'), coalesce(f.satellites, -1), coalesce(f.odometer_m, '-Infinity'))
RETURNING device_id, (extract(epoch FROM time) * 1000000)::bigint, quality;

-- insert_aside --
-- Fixes that stand outside of the order; what stands within it is never replaced by one.
INSERT INTO fix AS f (time, lat, lon, seq, received_at, device_id, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality,
                      satellites, fix_mode, late, odometer_m, out_of_order)
SELECT time, lat, lon, seq, received_at, device_id, nullif(alt_m, 'NaN'), nullif(speed_mps, 'NaN'), nullif(course_deg, 'NaN'),
       nullif(hdop, 'NaN'), nullif(accuracy_m, 'NaN'), quality, nullif(satellites, -1), fix_mode, late,
       nullif(odometer_m, 'NaN'), out_of_order
FROM unnest(%(device_id)s, %(time)s, %(lat)s, %(lon)s, %(seq)s, %(received_at)s, %(alt_m)s, %(speed_mps)s, %(course_deg)s,
            %(hdop)s, %(accuracy_m)s, %(quality)s, %(satellites)s, %(fix_mode)s, %(late)s, %(odometer_m)s, %(out_of_order)s)
     AS n (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality, satellites,
           fix_mode, late, odometer_m, out_of_order)
ON CONFLICT (device_id, time) DO UPDATE
SET lat = excluded.lat, lon = excluded.lon, seq = excluded.seq, received_at = excluded.received_at, alt_m = excluded.alt_m,
    speed_mps = excluded.speed_mps, course_deg = excluded.course_deg, hdop = excluded.hdop, accuracy_m = excluded.accuracy_m,
    quality = excluded.quality | (f.quality & %(outside)s::integer), satellites = excluded.satellites,
    fix_mode = excluded.fix_mode, late = excluded.late, odometer_m = excluded.odometer_m,
    out_of_order = excluded.out_of_order
WHERE f.quality & %(outside)s::integer <> 0
  AND (excluded.fix_mode, -coalesce(excluded.hdop, %(unknown_hdop)s), excluded.seq, excluded.lat, excluded.lon,
       coalesce(excluded.alt_m, '-Infinity'), coalesce(excluded.speed_mps, '-Infinity'), coalesce(excluded.course_deg, '-Infinity'),
       coalesce(excluded.accuracy_m, '-Infinity'), coalesce(excluded.satellites, -1), coalesce(excluded.odometer_m, '-Infinity'))
    > (f.fix_mode, -coalesce(f.hdop, %(unknown_hdop)s), f.seq, f.lat, f.lon,
       coalesce(f.alt_m, '-Infinity'), coalesce(f.speed_mps, '-Infinity'), coalesce(f.course_deg, '-Infinity'),
       coalesce(f.accuracy_m, '-Infinity'), coalesce(f.satellites, -1), coalesce(f.odometer_m, '-Infinity'))
RETURNING device_id, (extract(epoch FROM time) * 1000000)::bigint, quality;

-- save_track_states --
-- Where the deriving goes on with devices whose state is more than their latest position.
INSERT INTO track_state (device_id, newest, aside_until, state)
SELECT device_id, newest, aside_until, state::jsonb
FROM unnest(%(device_id)s::integer[], %(newest)s::timestamptz[], %(aside_until)s::timestamptz[], %(state)s::text[])
     AS n (device_id, newest, aside_until, state)
ON CONFLICT (device_id) DO UPDATE
SET newest = excluded.newest, aside_until = excluded.aside_until, state = excluded.state;

-- save_checkpoints --
-- The state before each hour; a worker that begins again after a crash may come to the same hour twice.
INSERT INTO track_checkpoint AS c (device_id, hour, state)
SELECT device_id, hour, state::jsonb
FROM unnest(%(device_id)s::integer[], %(hour)s::timestamptz[], %(state)s::text[]) AS n (device_id, hour, state)
ON CONFLICT (device_id, hour) DO UPDATE SET state = excluded.state WHERE c.state <> excluded.state;

-- count_receipts --
-- What was odd about a day's receipts of some devices.
INSERT INTO receipt_daily AS r (device_id, day, duplicates, out_of_order, late, future)
SELECT device_id, %(day)s, duplicates, out_of_order, late, future
FROM unnest(%(device_id)s, %(duplicates)s, %(out_of_order)s, %(late)s, %(future)s)
     AS n (device_id, duplicates, out_of_order, late, future)
ON CONFLICT (device_id, day) DO UPDATE
SET duplicates = r.duplicates + excluded.duplicates, out_of_order = r.out_of_order + excluded.out_of_order,
    late = r.late + excluded.late, future = r.future + excluded.future;
