-- units --
-- A tenant's devices in service, each with its carrier, its newest fix and its own word, the newest fix first.
-- By uq_device_tenant_id_name and the primary keys of the others.
SELECT
    device.id AS device_id,
    device.name,
    device.kind,
    device.label,
    vehicle.name AS vehicle,
    concat_ws(' ', person.first_name, person.last_name) AS person,
    latest.time,
    latest.received_at,
    latest.lat,
    latest.lon,
    latest.speed_mps,
    latest.course_deg,
    latest.accuracy_m,
    latest.moving,
    status.online,
    status.gps,
    status.backlog
FROM device
LEFT JOIN vehicle ON vehicle.tenant_id = device.tenant_id AND vehicle.id = device.vehicle_id
LEFT JOIN person ON person.tenant_id = device.tenant_id AND person.id = device.person_id
LEFT JOIN device_latest AS latest ON latest.device_id = device.id
LEFT JOIN device_status AS status ON status.tenant_id = device.tenant_id AND status.device_id = device.id
WHERE device.tenant_id = %(tenant_id)s AND device.retired_at IS NULL
ORDER BY latest.time DESC NULLS LAST, device.name
LIMIT %(most)s;

-- unresolved_alerts --
-- A tenant's alerts that somebody must still look at: the most urgent first, the older first among them.
-- By uq_alert_unresolved_fob, which holds the unresolved alone.
SELECT *
FROM alert
WHERE tenant_id = %(tenant_id)s AND state <> 'resolved'
ORDER BY (state = 'open') DESC, priority DESC, raised_at;

-- unit_counts --
-- How many units a tenant has, how many have a current fix (R56) and how many of these move.
SELECT
    count(*) AS units,
    count(*) FILTER (WHERE latest.time >= %(current_since)s) AS current,
    count(*) FILTER (WHERE latest.time >= %(current_since)s AND latest.moving) AS moving
FROM device
LEFT JOIN device_latest AS latest ON latest.device_id = device.id
WHERE device.tenant_id = %(tenant_id)s AND device.retired_at IS NULL;

-- alert_counts --
-- A tenant's unresolved alerts by state.
SELECT
    count(*) FILTER (WHERE state = 'open') AS open,
    count(*) FILTER (WHERE state = 'acknowledged') AS acknowledged
FROM alert
WHERE tenant_id = %(tenant_id)s AND state <> 'resolved';

-- fixes_since --
-- How many fixes a tenant's devices have from an hour on. By ix_activity_hourly_hour.
SELECT coalesce(sum(activity.fixes), 0)::bigint AS fixes
FROM activity_hourly AS activity
JOIN device ON device.id = activity.device_id
WHERE device.tenant_id = %(tenant_id)s AND activity.hour >= %(since)s;
