-- find_devices --
-- The devices that topics name; by the unique keys of tenant and device.
SELECT t.slug, d.name, d.id, d.tenant_id, d.kind
FROM unnest(%(tenants)s::text[], %(devices)s::text[]) AS n (tenant, device)
JOIN tenant t ON t.slug = n.tenant
JOIN device d ON d.tenant_id = t.id AND d.name = n.device
WHERE d.retired_at IS NULL;

-- find_tenants --
-- Tenants by their level in topics.
SELECT slug, id FROM tenant WHERE slug = ANY(%(slugs)s);

-- load_tracks --
-- Where ingest goes on with devices that it has not met yet.
SELECT d.device_id, (extract(epoch FROM l.time) * 1000000)::bigint, l.lat, l.lon, l.odometer_m, l.moving,
       (extract(epoch FROM s.newest) * 1000000)::bigint, (extract(epoch FROM s.aside_until) * 1000000)::bigint, s.state
FROM unnest(%(device_id)s) AS d (device_id)
LEFT JOIN device_latest l ON l.device_id = d.device_id
LEFT JOIN track_state s ON s.device_id = d.device_id
WHERE l.device_id IS NOT NULL OR s.device_id IS NOT NULL;

-- load_quality_rules --
-- What tenants have set about the truth of fixes.
SELECT tenant_id, kind, max_speed_mps, max_hdop, max_accuracy_m, drift_radius_m, park_after_s, floor FROM quality_rule;

-- load_presence --
-- The geofences that these devices are in.
SELECT device_id, array_agg(geofence_id) FROM geofence_presence WHERE device_id = ANY(%(device_id)s) GROUP BY device_id;

-- add_fence_events --
-- A fence that was removed meanwhile has no events any more. Another fix may have taken the place of the one that crossed.
INSERT INTO geofence_event AS e (tenant_id, geofence_id, device_id, time, lat, lon, received_at, kind, late)
SELECT n.tenant_id, n.geofence_id, n.device_id, n.time, n.lat, n.lon, n.received_at,
       CASE WHEN n.entered THEN 'entered' ELSE 'exited' END, n.late
FROM unnest(%(tenant_id)s, %(geofence_id)s, %(device_id)s, %(time)s, %(lat)s, %(lon)s, %(received_at)s, %(entered)s,
            %(late)s)
     AS n (tenant_id, geofence_id, device_id, time, lat, lon, received_at, entered, late)
JOIN geofence g ON g.tenant_id = n.tenant_id AND g.id = n.geofence_id
ON CONFLICT (device_id, time, geofence_id, kind) DO UPDATE SET lat = excluded.lat, lon = excluded.lon
WHERE (e.lat, e.lon) <> (excluded.lat, excluded.lon);

-- remove_fence_events --
-- Events at these fixes that do not follow from the fixes any more, now that late ones are in.
DELETE FROM geofence_event e
USING unnest(%(device_id)s, %(time)s) AS n (device_id, time)
WHERE e.device_id = n.device_id AND e.time = n.time
  AND NOT EXISTS (
      SELECT FROM unnest(%(event_device_id)s, %(event_time)s, %(event_geofence_id)s, %(event_entered)s)
                  AS k (device_id, time, geofence_id, entered)
      WHERE k.device_id = e.device_id AND k.time = e.time AND k.geofence_id = e.geofence_id
        AND k.entered = (e.kind = 'entered')
  );

-- leave_fences --
-- Devices that are in these fences no more.
DELETE FROM geofence_presence p
USING unnest(%(device_id)s, %(geofence_id)s) AS n (device_id, geofence_id)
WHERE p.device_id = n.device_id AND p.geofence_id = n.geofence_id;

-- enter_fences --
-- Devices that are in these fences now.
INSERT INTO geofence_presence (tenant_id, geofence_id, device_id, entered_at)
SELECT n.tenant_id, n.geofence_id, n.device_id, n.time
FROM unnest(%(tenant_id)s, %(geofence_id)s, %(device_id)s, %(time)s) AS n (tenant_id, geofence_id, device_id, time)
JOIN geofence g ON g.tenant_id = n.tenant_id AND g.id = n.geofence_id
ON CONFLICT (device_id, geofence_id) DO UPDATE SET entered_at = excluded.entered_at;

-- reset_presence --
-- Presence of these devices follows from their events: in each fence whose last event is an entry.
WITH last AS (
    SELECT DISTINCT ON (e.device_id, e.geofence_id) e.tenant_id, e.geofence_id, e.device_id, e.time, e.kind
    FROM geofence_event e
    WHERE e.device_id = ANY(%(device_id)s)
    ORDER BY e.device_id, e.geofence_id, e.time DESC, e.kind DESC
), gone AS (
    DELETE FROM geofence_presence p
    WHERE p.device_id = ANY(%(device_id)s)
      AND NOT EXISTS (SELECT FROM last l WHERE l.device_id = p.device_id AND l.geofence_id = p.geofence_id
                                           AND l.kind = 'entered')
)
INSERT INTO geofence_presence (tenant_id, geofence_id, device_id, entered_at)
SELECT tenant_id, geofence_id, device_id, time FROM last WHERE kind = 'entered'
ON CONFLICT (device_id, geofence_id) DO UPDATE SET entered_at = excluded.entered_at
WHERE geofence_presence.entered_at <> excluded.entered_at;

-- add_rejects --
-- Payloads that could not be taken.
INSERT INTO reject (received_at, topic, payload, reason, tenant_id, device_id)
SELECT n.received_at, n.topic, n.payload, n.reason, t.id, d.id
FROM unnest(%(received_at)s::timestamptz[], %(topic)s::text[], %(payload)s::bytea[], %(reason)s::text[],
            %(tenant)s::text[], %(device)s::text[])
     AS n (received_at, topic, payload, reason, tenant, device)
LEFT JOIN tenant t ON t.slug = n.tenant
LEFT JOIN device d ON d.tenant_id = t.id AND d.name = n.device;

-- save_status --
-- The newest word of a device about itself.
INSERT INTO device_status AS s (tenant_id, device_id, time, received_at, online, gps, backlog, version, battery_pct,
                                uptime_s, ports, fobs)
VALUES (%(tenant_id)s, %(device_id)s, %(time)s, %(received_at)s, %(online)s, %(gps)s, %(backlog)s, %(version)s,
        %(battery_pct)s, %(uptime_s)s, %(ports)s, %(fobs)s)
ON CONFLICT (tenant_id, device_id) DO UPDATE
SET time = excluded.time, received_at = excluded.received_at, online = excluded.online, gps = excluded.gps,
    backlog = excluded.backlog, version = excluded.version, battery_pct = excluded.battery_pct,
    uptime_s = excluded.uptime_s, ports = excluded.ports, fobs = excluded.fobs;

-- drop_unwatched_presence --
-- A fence that is watched no more has nobody in it.
DELETE FROM geofence_presence p
USING geofence g
WHERE g.tenant_id = p.tenant_id AND g.id = p.geofence_id AND NOT g.active;
