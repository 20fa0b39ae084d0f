-- watched_fences --
-- Every fence that is watched, with the devices it looks at; is_assigned is false where it looks at all of its tenant. All
-- of them are read: no spatial index is asked.
SELECT g.id, g.tenant_id, g.name, g.kind, g.shape, ST_AsBinary(g.geom) AS wkb, g.radius_m, g.width_m, g.floor_m,
       g.ceiling_m, g.schedule, g.valid_from, g.valid_until, g.rules, t.time_zone, a.is_assigned, a.devices
FROM geofence g
JOIN tenant t ON t.id = g.tenant_id
CROSS JOIN LATERAL (
    SELECT count(*) > 0 AS is_assigned, coalesce(array_agg(DISTINCT d.id) FILTER (WHERE d.id IS NOT NULL), '{}') AS devices
    FROM geofence_assignment x
    LEFT JOIN device_group_member m ON m.tenant_id = x.tenant_id AND m.group_id = x.group_id AND m.active
    LEFT JOIN assignment v ON v.tenant_id = x.tenant_id AND v.vehicle_id = x.vehicle_id AND v.device_id IS NOT NULL
        AND tstzrange(v.since, v.until) @> now()
    LEFT JOIN assignment p ON p.tenant_id = x.tenant_id AND p.person_id = x.person_id AND p.device_id IS NOT NULL
        AND tstzrange(p.since, p.until) @> now()
    LEFT JOIN device d ON d.tenant_id = x.tenant_id AND d.retired_at IS NULL
        AND d.id IN (x.device_id, m.device_id, v.device_id, p.device_id)
    WHERE x.tenant_id = g.tenant_id AND x.geofence_id = g.id AND x.active
) a
WHERE g.active
ORDER BY g.tenant_id, g.id;

-- are_zones_changed --
-- Whether any of these tenants has another time zone than this.
SELECT EXISTS (
    SELECT FROM unnest(%(tenant_id)s::uuid[], %(zone)s::text[]) AS n (tenant_id, zone)
    JOIN tenant t ON t.id = n.tenant_id AND t.time_zone <> n.zone
);

-- fence_devices --
-- The devices in service that a watched fence looks at, by fence; for those with hours in which somebody should be inside.
SELECT g.id, d.id
FROM geofence g
JOIN device d ON d.tenant_id = g.tenant_id AND d.retired_at IS NULL
WHERE g.active AND g.id = ANY(%(geofence_id)s::uuid[])
  AND (NOT EXISTS (SELECT FROM geofence_assignment x WHERE x.tenant_id = g.tenant_id AND x.geofence_id = g.id AND x.active)
       OR EXISTS (
           SELECT FROM geofence_assignment x
           LEFT JOIN device_group_member m ON m.tenant_id = x.tenant_id AND m.group_id = x.group_id AND m.active
           LEFT JOIN assignment o ON o.tenant_id = x.tenant_id AND o.device_id = d.id
               AND (o.vehicle_id = x.vehicle_id OR o.person_id = x.person_id) AND tstzrange(o.since, o.until) @> now()
           WHERE x.tenant_id = g.tenant_id AND x.geofence_id = g.id AND x.active
             AND d.id IN (x.device_id, m.device_id, o.device_id)));

-- tell_fence_events --
-- Keep events; told again they change nothing but what is different. A fence that was removed meanwhile has none any more.
INSERT INTO geofence_event AS e (tenant_id, geofence_id, device_id, time, kind, lat, lon, received_at, late, reason,
                                 decided_at, visit_id, speed_mps, corrected_at)
SELECT n.tenant_id, n.geofence_id, n.device_id, n.time, n.kind, nullif(n.lat, 'NaN'), nullif(n.lon, 'NaN'), n.received_at,
       n.late, n.reason, n.decided_at, nullif(n.visit_id, %(no_visit)s::uuid), nullif(n.speed_mps, 'NaN')::real,
       %(corrected_at)s::timestamptz
FROM unnest(%(tenant_id)s::uuid[], %(geofence_id)s::uuid[], %(device_id)s::integer[], %(time)s::timestamptz[],
            %(kind)s::text[], %(lat)s::float8[], %(lon)s::float8[], %(received_at)s::timestamptz[], %(late)s::boolean[],
            %(reason)s::text[], %(decided_at)s::timestamptz[], %(visit_id)s::uuid[], %(speed_mps)s::float8[])
     AS n (tenant_id, geofence_id, device_id, time, kind, lat, lon, received_at, late, reason, decided_at, visit_id,
           speed_mps)
JOIN geofence g ON g.tenant_id = n.tenant_id AND g.id = n.geofence_id
ON CONFLICT (device_id, time, geofence_id, kind) DO UPDATE
SET lat = excluded.lat, lon = excluded.lon, reason = excluded.reason, decided_at = excluded.decided_at,
    visit_id = excluded.visit_id, speed_mps = excluded.speed_mps, corrected_at = excluded.corrected_at
WHERE (e.lat, e.lon, e.reason, e.decided_at, e.visit_id, e.speed_mps)
    IS DISTINCT FROM (excluded.lat, excluded.lon, excluded.reason, excluded.decided_at, excluded.visit_id,
                      excluded.speed_mps);

-- drop_other_fence_events --
-- Of windows of devices, by the fix that settled them, the events that don't follow any more; the stays they were of. Asked of
-- fences that look at all of their tenant, and of pairs of device and fence of the others: what happened at fences that are
-- watched no more, or look at a device no more, stays. So do exits by somebody's edit.
DELETE FROM geofence_event e
USING unnest(%(device_id)s, %(since)s, %(until)s) AS w (device_id, since, until)
WHERE e.device_id = w.device_id AND e.decided_at >= w.since AND e.decided_at < w.until AND e.kind <> 'absent'
  AND NOT (e.kind = 'exited' AND e.reason = 'edited')
  AND (e.geofence_id = ANY(%(geofence_id)s::uuid[]) OR EXISTS (
      SELECT FROM unnest(%(assigned_device_id)s::integer[], %(assigned_geofence_id)s::uuid[]) AS a (device_id, geofence_id)
      WHERE a.device_id = e.device_id AND a.geofence_id = e.geofence_id
  ))
  AND NOT EXISTS (
      SELECT FROM unnest(%(kept_device_id)s::integer[], %(kept_time)s::timestamptz[], %(kept_geofence_id)s::uuid[],
                         %(kept_kind)s::text[]) AS k (device_id, time, geofence_id, kind)
      WHERE k.device_id = e.device_id AND k.time = e.time AND k.geofence_id = e.geofence_id AND k.kind = e.kind
  )
RETURNING e.tenant_id, e.visit_id;

-- drop_exits_of_nothing --
-- Exits by edits from stays that never began.
DELETE FROM geofence_event e
WHERE e.visit_id = ANY(%(visit_id)s::uuid[]) AND e.kind = 'exited' AND e.reason = 'edited' AND NOT EXISTS (
    SELECT FROM geofence_event o WHERE o.visit_id = e.visit_id AND o.kind = 'entered'
);

-- refresh_visits --
-- Make stays what their events say; one without an entry is none.
INSERT INTO visit AS v (tenant_id, id, geofence_id, device_id, entered_at, dwelled_at, exited_at, enter_reason,
                        exit_reason, corrected_at)
SELECT tenant_id, visit_id, geofence_id, device_id,
       min(time) FILTER (WHERE kind = 'entered'),
       min(time) FILTER (WHERE kind = 'dwelled'),
       min(time) FILTER (WHERE kind = 'exited'),
       min(reason) FILTER (WHERE kind = 'entered'),
       min(reason) FILTER (WHERE kind = 'exited'),
       %(corrected_at)s::timestamptz
FROM geofence_event
WHERE visit_id = ANY(%(visit_id)s::uuid[])
GROUP BY tenant_id, visit_id, geofence_id, device_id
HAVING bool_or(kind = 'entered')
ON CONFLICT (tenant_id, id) DO UPDATE
SET dwelled_at = excluded.dwelled_at, exited_at = excluded.exited_at, enter_reason = excluded.enter_reason,
    exit_reason = excluded.exit_reason, corrected_at = coalesce(excluded.corrected_at, v.corrected_at)
WHERE (v.dwelled_at, v.exited_at, v.enter_reason, v.exit_reason)
    IS DISTINCT FROM (excluded.dwelled_at, excluded.exited_at, excluded.enter_reason, excluded.exit_reason);

-- drop_visits_of_nothing --
-- Drop stays whose entry is none by now. Each is named by its tenant, too, which the key of visits begins with.
DELETE FROM visit v
USING unnest(%(tenant_id)s::uuid[], %(visit_id)s::uuid[]) AS n (tenant_id, visit_id)
WHERE v.tenant_id = n.tenant_id AND v.id = n.visit_id
  AND NOT EXISTS (SELECT FROM geofence_event e WHERE e.visit_id = v.id AND e.kind = 'entered');

-- load_stays --
-- What is kept of these devices and fences that are watched.
SELECT p.device_id, p.geofence_id, p.state
FROM geofence_presence p
JOIN geofence g ON g.tenant_id = p.tenant_id AND g.id = p.geofence_id
WHERE p.device_id = ANY(%(device_id)s) AND g.active;

-- keep_stays --
-- What is kept of devices and fences from now on.
INSERT INTO geofence_presence AS p (tenant_id, geofence_id, device_id, phase, entered_at, state)
SELECT n.tenant_id, n.geofence_id, n.device_id, n.phase, n.entered_at, n.state
FROM unnest(%(tenant_id)s::uuid[], %(geofence_id)s::uuid[], %(device_id)s::integer[], %(phase)s::text[],
            %(entered_at)s::timestamptz[], %(state)s::jsonb[])
     AS n (tenant_id, geofence_id, device_id, phase, entered_at, state)
JOIN geofence g ON g.tenant_id = n.tenant_id AND g.id = n.geofence_id
ON CONFLICT (device_id, geofence_id) DO UPDATE
SET phase = excluded.phase, entered_at = excluded.entered_at, state = excluded.state
WHERE p.state IS DISTINCT FROM excluded.state;

-- drop_stays --
-- Nothing is kept of these devices and fences any more.
DELETE FROM geofence_presence p
USING unnest(%(device_id)s::integer[], %(geofence_id)s::uuid[]) AS n (device_id, geofence_id)
WHERE p.device_id = n.device_id AND p.geofence_id = n.geofence_id;

-- drop_stays_of --
-- Nothing is kept of these devices any more, at fences other than those.
DELETE FROM geofence_presence p
WHERE p.device_id = ANY(%(device_id)s::integer[])
  AND NOT EXISTS (
      SELECT FROM unnest(%(kept_device_id)s::integer[], %(kept_geofence_id)s::uuid[]) AS k (device_id, geofence_id)
      WHERE k.device_id = p.device_id AND k.geofence_id = p.geofence_id
  );

-- drop_unwatched_stays --
-- A fence that is watched no more has nobody in it; what was a stay ends where its device is now.
WITH gone AS (
    DELETE FROM geofence_presence p
    USING geofence g
    WHERE g.tenant_id = p.tenant_id AND g.id = p.geofence_id AND NOT g.active
    RETURNING p.tenant_id, p.device_id, p.geofence_id, p.entered_at
)
SELECT gone.tenant_id, gone.device_id, gone.geofence_id, gone.entered_at, coalesce(l.time, gone.entered_at), l.lat, l.lon
FROM gone
LEFT JOIN device_latest l ON l.device_id = gone.device_id
WHERE gone.entered_at IS NOT NULL;

-- devices_seen --
-- Where the devices in service of these tenants were seen last, to judge fences that were edited by.
SELECT d.id AS device_id, d.tenant_id, t.slug AS tenant, d.name AS device,
       (extract(epoch FROM l.time) * 1000000)::bigint AS time_us, l.lat, l.lon, s.state
FROM device d
JOIN tenant t ON t.id = d.tenant_id
JOIN device_latest l ON l.device_id = d.id
LEFT JOIN track_state s ON s.device_id = d.id
WHERE d.tenant_id = ANY(%(tenant_id)s::uuid[]) AND d.retired_at IS NULL;

-- load_stays_at --
-- What is kept at these fences.
SELECT device_id, geofence_id, state FROM geofence_presence WHERE geofence_id = ANY(%(geofence_id)s::uuid[]);

-- resume_visits --
-- Of two edits between two fixes the later one stands: an exit by the first is none if the fence is entered by the second,
-- and the stay goes on.
WITH back AS (
    DELETE FROM geofence_event e
    USING unnest(%(device_id)s::integer[], %(geofence_id)s::uuid[], %(time)s::timestamptz[], %(visit_id)s::uuid[])
          AS n (device_id, geofence_id, time, visit_id)
    WHERE e.device_id = n.device_id AND e.geofence_id = n.geofence_id AND e.time = n.time AND e.reason = 'edited'
      AND e.kind = 'exited'
    RETURNING e.tenant_id, e.device_id, e.geofence_id, e.visit_id
)
SELECT back.device_id, back.geofence_id, v.id, v.entered_at, v.dwelled_at IS NOT NULL
FROM back
JOIN visit v ON v.tenant_id = back.tenant_id AND v.id = back.visit_id;

-- undo_entries --
-- A device that a fix brought out, an edit in and the next edit out again has left once: the entry by the edit is none.
DELETE FROM geofence_event e
USING unnest(%(device_id)s::integer[], %(geofence_id)s::uuid[], %(time)s::timestamptz[], %(visit_id)s::uuid[])
      AS n (device_id, geofence_id, time, visit_id)
WHERE e.device_id = n.device_id AND e.geofence_id = n.geofence_id AND e.time = n.time AND e.kind = 'entered'
  AND e.reason = 'edited' AND e.visit_id = n.visit_id
  AND EXISTS (
      SELECT FROM geofence_event o
      WHERE o.device_id = n.device_id AND o.time = n.time AND o.geofence_id = n.geofence_id AND o.kind = 'exited'
        AND o.visit_id IS DISTINCT FROM n.visit_id
  )
RETURNING e.device_id, e.geofence_id, e.visit_id;

-- plan_absences --
-- Hours that are over, to be looked at when what is late has come. Hours before the fence or the device was made don't count,
-- nor do those that were over when the fence was last edited, nor those that were planned before, for whom it looked at then.
INSERT INTO geofence_absence (tenant_id, geofence_id, device_id, window_start, window_end, due_at)
SELECT n.tenant_id, n.geofence_id, n.device_id, n.window_start, n.window_end, n.due_at
FROM unnest(%(tenant_id)s::uuid[], %(geofence_id)s::uuid[], %(device_id)s::integer[], %(window_start)s::timestamptz[],
            %(window_end)s::timestamptz[], %(due_at)s::timestamptz[])
     AS n (tenant_id, geofence_id, device_id, window_start, window_end, due_at)
JOIN geofence g ON g.tenant_id = n.tenant_id AND g.id = n.geofence_id AND g.created_at <= n.window_start
    AND g.updated_at <= n.window_end
JOIN device d ON d.tenant_id = n.tenant_id AND d.id = n.device_id AND d.created_at <= n.window_start
WHERE NOT EXISTS (
    SELECT FROM geofence_absence a WHERE a.geofence_id = n.geofence_id AND a.window_start = n.window_start
)
ON CONFLICT DO NOTHING;

-- settle_absences --
-- Hours whose time has come: an event for each device that was inside at no moment of them, and none for one that was. Nobody
-- is missing where a fence was removed meanwhile.
WITH due AS (
    SELECT tenant_id, geofence_id, device_id, window_start, window_end, due_at
    FROM geofence_absence
    WHERE settled_at IS NULL AND due_at <= %(now)s
    ORDER BY due_at
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
), settled AS (
    UPDATE geofence_absence a SET settled_at = %(now)s
    FROM due
    WHERE a.device_id = due.device_id AND a.geofence_id = due.geofence_id AND a.window_start = due.window_start
), looked AS (
    SELECT due.*, EXISTS (
        SELECT FROM visit v
        WHERE v.device_id = due.device_id AND v.geofence_id = due.geofence_id AND v.entered_at < due.window_end
          AND coalesce(v.exited_at, 'infinity') > due.window_start
    ) AS was_there
    FROM due
), taken_back AS (
    DELETE FROM geofence_event e USING looked l
    WHERE l.was_there AND e.device_id = l.device_id AND e.geofence_id = l.geofence_id AND e.time = l.window_end
      AND e.kind = 'absent'
), told AS (
    INSERT INTO geofence_event (tenant_id, geofence_id, device_id, time, kind, received_at, reason, decided_at)
    SELECT l.tenant_id, l.geofence_id, l.device_id, l.window_end, 'absent', %(now)s, 'window', l.window_end
    FROM looked l
    JOIN geofence g ON g.tenant_id = l.tenant_id AND g.id = l.geofence_id AND g.active
    WHERE NOT l.was_there
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, geofence_id, device_id, time
)
SELECT t.tenant_id, t.geofence_id, t.device_id, l.window_start, l.window_end, l.due_at
FROM told t
JOIN looked l ON l.device_id = t.device_id AND l.geofence_id = t.geofence_id AND l.window_end = t.time;

-- reopen_absences --
-- Hours of these devices that late data may have changed are looked at once more; they stay as old as they are.
UPDATE geofence_absence a
SET settled_at = NULL
FROM unnest(%(device_id)s::integer[], %(since)s::timestamptz[], %(until)s::timestamptz[]) AS w (device_id, since, until)
WHERE a.device_id = w.device_id AND a.settled_at IS NOT NULL AND a.window_start < w.until AND a.window_end > w.since;

-- device_names --
-- What topics call these devices.
SELECT d.id, t.slug, d.name FROM device d JOIN tenant t ON t.id = d.tenant_id WHERE d.id = ANY(%(device_id)s::integer[]);

-- fence_list --
-- A tenant's watched fences.
SELECT g.id, g.tenant_id, g.name, g.kind, g.shape, ST_AsBinary(g.geom) AS wkb, g.radius_m, g.width_m, g.floor_m,
       g.ceiling_m, g.schedule, g.valid_from, g.valid_until, g.rules, t.time_zone
FROM geofence g
JOIN tenant t ON t.id = g.tenant_id
WHERE g.tenant_id = %(tenant_id)s AND g.active
ORDER BY g.name;

-- fence_assignments --
-- Whom a tenant's fences look at.
SELECT x.geofence_id, d.name AS device, v.name AS vehicle, x.person_id AS person, r.name AS group_name
FROM geofence_assignment x
LEFT JOIN device d ON d.tenant_id = x.tenant_id AND d.id = x.device_id
LEFT JOIN vehicle v ON v.tenant_id = x.tenant_id AND v.id = x.vehicle_id
LEFT JOIN device_group r ON r.tenant_id = x.tenant_id AND r.id = x.group_id
WHERE x.tenant_id = %(tenant_id)s AND x.active
ORDER BY x.geofence_id, device, vehicle, person, group_name;
