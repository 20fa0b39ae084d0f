-- prepare_session --
-- Staging of one connection, empty at the end of each transaction; touched: the keys that late fixes have written.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_latest (LIKE device_latest) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS staged_activity (LIKE activity_hourly) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS touched (device_id integer, time timestamptz) ON COMMIT DELETE ROWS;

-- copy_fixes --
-- Fixes that are known to be new: newer than all that their device has.
COPY fix (time, lat, lon, seq, received_at, device_id, alt_m, speed_mps, course_deg, hdop, accuracy_m, distance_m,
          quality, satellites, fix_mode, moving, late)
FROM STDIN (FORMAT binary);

-- copy_latest --
-- The newest fix of each device in a batch.
COPY staged_latest (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality,
                    satellites, fix_mode, moving)
FROM STDIN (FORMAT binary);

-- move_latest --
-- A row never goes back (R56). An update costs a third less than INSERT … ON CONFLICT, and nearly all rows are there.
UPDATE device_latest AS l
SET time = n.time, lat = n.lat, lon = n.lon, seq = n.seq, received_at = n.received_at, alt_m = n.alt_m,
    speed_mps = n.speed_mps, course_deg = n.course_deg, hdop = n.hdop, accuracy_m = n.accuracy_m, quality = n.quality,
    satellites = n.satellites, fix_mode = n.fix_mode, moving = n.moving
FROM staged_latest AS n
WHERE l.device_id = n.device_id AND n.time > l.time;

-- add_latest --
-- Devices that had no row yet.
INSERT INTO device_latest (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m,
                           quality, satellites, fix_mode, moving)
SELECT device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality, satellites,
       fix_mode, moving
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

-- set_activity --
-- Hours that late fixes touched, computed anew from all of their rows.
INSERT INTO activity_hourly AS a (device_id, hour, fixes, distance_m, moving_s, idle_s, max_speed_mps)
SELECT device_id, hour, fixes, distance_m, moving_s, idle_s, nullif(max_speed_mps, 'NaN')
FROM unnest(%(device_id)s, %(hour)s, %(fixes)s, %(distance_m)s, %(moving_s)s, %(idle_s)s, %(max_speed_mps)s)
     AS n (device_id, hour, fixes, distance_m, moving_s, idle_s, max_speed_mps)
ON CONFLICT (device_id, hour) DO UPDATE
SET fixes = excluded.fixes, distance_m = excluded.distance_m, moving_s = excluded.moving_s, idle_s = excluded.idle_s,
    max_speed_mps = excluded.max_speed_mps;

-- insert_late --
-- Fixes that may be there already: of two contents for one key the better quality wins (domain.telemetry.quality_rank).
WITH written AS (
    INSERT INTO fix AS f (time, lat, lon, seq, received_at, device_id, alt_m, speed_mps, course_deg, hdop, accuracy_m,
                          quality, satellites, fix_mode, late)
    SELECT time, lat, lon, seq, received_at, device_id, nullif(alt_m, 'NaN'), nullif(speed_mps, 'NaN'),
           nullif(course_deg, 'NaN'), nullif(hdop, 'NaN'), nullif(accuracy_m, 'NaN'), quality, nullif(satellites, -1),
           fix_mode, late
    FROM unnest(%(device_id)s, %(time)s, %(lat)s, %(lon)s, %(seq)s, %(received_at)s, %(alt_m)s, %(speed_mps)s,
                %(course_deg)s, %(hdop)s, %(accuracy_m)s, %(quality)s, %(satellites)s, %(fix_mode)s, %(late)s)
         AS n (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop, accuracy_m, quality,
               satellites, fix_mode, late)
    ON CONFLICT (device_id, time) DO UPDATE
    SET lat = excluded.lat, lon = excluded.lon, seq = excluded.seq, received_at = excluded.received_at,
        alt_m = excluded.alt_m, speed_mps = excluded.speed_mps, course_deg = excluded.course_deg, hdop = excluded.hdop,
        accuracy_m = excluded.accuracy_m, quality = excluded.quality, satellites = excluded.satellites,
        fix_mode = excluded.fix_mode, late = excluded.late
    WHERE (excluded.fix_mode, -coalesce(excluded.hdop, %(unknown_hdop)s), excluded.seq, excluded.lat, excluded.lon)
        > (f.fix_mode, -coalesce(f.hdop, %(unknown_hdop)s), f.seq, f.lat, f.lon)
    RETURNING device_id, time
)
INSERT INTO touched SELECT device_id, time FROM written;

-- copy_late_window --
-- All fixes of the hours that were touched, and the fix before each of these hours. The hour of the fix after a touched
-- one is touched too, as its leg begins elsewhere now. Each lateral is a walk on the key (device_id, time).
COPY (
    WITH last AS (
        SELECT device_id, date_trunc('hour', time, 'UTC') AS hour, max(time) AS time FROM touched GROUP BY 1, 2
    ), hours AS (
        SELECT device_id, hour FROM last
        UNION
        SELECT last.device_id, date_trunc('hour', following.time, 'UTC')
        FROM last
        CROSS JOIN LATERAL (
            SELECT f.time FROM fix f WHERE f.device_id = last.device_id AND f.time > last.time ORDER BY f.time LIMIT 1
        ) following
    )
    SELECT f.device_id, f.time, f.lat, f.lon, coalesce(f.speed_mps, 'NaN'), f.distance_m, f.moving, f.received_at,
           EXISTS (SELECT FROM touched t WHERE t.device_id = f.device_id AND t.time = f.time), f.before
    FROM hours
    CROSS JOIN LATERAL (
        SELECT i.device_id, i.time, i.lat, i.lon, i.speed_mps, i.distance_m, i.moving, i.received_at, false AS before
        FROM fix i
        WHERE i.device_id = hours.device_id AND i.time >= hours.hour AND i.time < hours.hour + interval '1 hour'
        UNION ALL
        (SELECT p.device_id, p.time, p.lat, p.lon, p.speed_mps, p.distance_m, p.moving, p.received_at, true
         FROM fix p
         WHERE p.device_id = hours.device_id AND p.time < hours.hour
         ORDER BY p.time DESC LIMIT 1)
    ) f
) TO STDOUT (FORMAT binary);

-- update_legs --
-- The bounds are for the planner: only their chunks are looked at.
UPDATE fix AS f
SET distance_m = n.distance_m, moving = n.moving
FROM unnest(%(device_id)s, %(time)s, %(distance_m)s, %(moving)s) AS n (device_id, time, distance_m, moving)
WHERE f.device_id = n.device_id AND f.time = n.time AND f.time BETWEEN %(first)s AND %(last)s;

-- refresh_latest --
-- The latest row of each touched device is its newest fix; rows that are so already stay untouched.
INSERT INTO device_latest AS l (device_id, time, lat, lon, seq, received_at, alt_m, speed_mps, course_deg, hdop,
                                accuracy_m, quality, satellites, fix_mode, moving)
SELECT n.device_id, n.time, n.lat, n.lon, n.seq, n.received_at, n.alt_m, n.speed_mps, n.course_deg, n.hdop,
       n.accuracy_m, n.quality, n.satellites, n.fix_mode, n.moving
FROM (SELECT DISTINCT device_id FROM touched) d
LEFT JOIN device_latest known USING (device_id)
CROSS JOIN LATERAL (
    SELECT * FROM fix f
    WHERE f.device_id = d.device_id AND f.time >= coalesce(known.time, '-infinity')
    ORDER BY f.time DESC LIMIT 1
) n
ON CONFLICT (device_id) DO UPDATE
SET time = excluded.time, lat = excluded.lat, lon = excluded.lon, seq = excluded.seq,
    received_at = excluded.received_at, alt_m = excluded.alt_m, speed_mps = excluded.speed_mps,
    course_deg = excluded.course_deg, hdop = excluded.hdop, accuracy_m = excluded.accuracy_m,
    quality = excluded.quality, satellites = excluded.satellites, fix_mode = excluded.fix_mode, moving = excluded.moving
WHERE (l.time, l.seq, l.lat, l.lon, l.fix_mode, l.hdop, l.moving)
    IS DISTINCT FROM (excluded.time, excluded.seq, excluded.lat, excluded.lon, excluded.fix_mode, excluded.hdop,
                      excluded.moving)
RETURNING device_id, time, lat, lon, speed_mps, course_deg, fix_mode, moving;
