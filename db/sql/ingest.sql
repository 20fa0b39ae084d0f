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
