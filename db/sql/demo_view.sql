-- demo_tenants --
-- The companies that the view can show.
SELECT id, slug, name FROM tenant ORDER BY created_at, slug;

-- demo_units --
-- A page of a company's units with their latest positions: the gateways' first, then by name.
-- Uses uq_device_tenant_id_name and the primary key of device_latest.
SELECT d.name,
       coalesce(p.first_name || ' ' || p.last_name, v.name, d.label, '') AS who,
       l.time, l.lat, l.lon, l.speed_mps, l.course_deg, l.received_at
FROM device AS d
LEFT JOIN device_latest AS l ON l.device_id = d.id
LEFT JOIN assignment AS c ON c.device_id = d.id AND c.person_id IS NOT NULL AND tstzrange(c.since, c.until) @> now()
LEFT JOIN person AS p ON p.tenant_id = d.tenant_id AND p.id = c.person_id
LEFT JOIN assignment AS b ON b.device_id = d.id AND b.vehicle_id IS NOT NULL AND tstzrange(b.since, b.until) @> now()
LEFT JOIN vehicle AS v ON v.tenant_id = d.tenant_id AND v.id = b.vehicle_id
WHERE d.tenant_id = %(tenant_id)s AND d.retired_at IS NULL AND l.device_id IS NOT NULL
ORDER BY d.kind <> 'gateway', d.name
LIMIT %(limit)s OFFSET %(offset)s;

-- demo_alerts --
-- A company's unresolved alerts, the newest first, and those resolved lately.
-- Uses ix_alert_tenant_id_raised_at.
SELECT a.id, a.state, coalesce(p.first_name || ' ' || p.last_name, '') AS who, a.raised_at, a.press_count, a.device_name,
       a.fob, a.location_lat, a.location_lon, a.acknowledged_by, a.resolved_by
FROM alert AS a
LEFT JOIN person AS p ON p.tenant_id = a.tenant_id AND p.id = a.person_id
WHERE a.tenant_id = %(tenant_id)s AND (a.state <> 'resolved' OR a.resolved_at > %(resolved_since)s)
ORDER BY a.state = 'resolved', a.raised_at DESC
LIMIT %(limit)s;

-- demo_liveness --
-- How many of a company's units move, stand or are silent, and how late their newest fixes came.
SELECT count(l.device_id) AS known,
       count(*) FILTER (WHERE l.time <= %(stale_since)s) AS stale,
       count(*) FILTER (WHERE l.time > %(stale_since)s AND l.speed_mps >= %(moving_mps)s) AS moving,
       max(l.received_at) AS newest_received_at,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM l.received_at - l.time))
           FILTER (WHERE l.received_at > %(stale_since)s) AS median_lag_s,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM l.received_at - l.time))
           FILTER (WHERE l.received_at > %(stale_since)s) AS high_lag_s
FROM device AS d
JOIN device_latest AS l ON l.device_id = d.id
WHERE d.tenant_id = %(tenant_id)s;

-- demo_fixes --
-- The fixes of all companies from an hour on. Uses ix_activity_hourly_hour.
SELECT coalesce(sum(fixes), 0) AS fixes FROM activity_hourly WHERE hour >= %(since)s;

-- demo_fixes_before --
-- The fixes of all companies before an hour.
SELECT coalesce(sum(fixes), 0) AS fixes FROM activity_hourly WHERE hour < %(before)s;

-- demo_crossings --
-- How often a company's fences were crossed since a time. Uses ix_geofence_event_tenant_id_time.
SELECT count(*) AS crossings FROM geofence_event WHERE tenant_id = %(tenant_id)s AND time >= %(since)s AND kind IN ('entered', 'exited');

-- demo_last_crossing --
-- The newest crossing of a company's fences. Uses ix_geofence_event_tenant_id_time.
SELECT e.time, e.kind, g.name AS fence, d.name AS device
FROM geofence_event AS e
JOIN geofence AS g ON g.tenant_id = e.tenant_id AND g.id = e.geofence_id
JOIN device AS d ON d.tenant_id = e.tenant_id AND d.id = e.device_id
WHERE e.tenant_id = %(tenant_id)s AND e.kind IN ('entered', 'exited')
ORDER BY e.time DESC
LIMIT 1;
