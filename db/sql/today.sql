-- today_units --
-- A tenant's devices in service with what each did since an hour. By ix_activity_hourly_hour and the primary keys.
SELECT
    device.id AS device_id,
    device.name,
    concat_ws(' ', person.first_name, person.last_name) AS person,
    latest.time,
    latest.moving,
    coalesce(sum(activity.fixes), 0)::bigint AS fixes,
    coalesce(sum(activity.distance_m), 0)::double precision AS distance_m,
    coalesce(sum(activity.moving_s), 0)::double precision AS moving_s
FROM device
LEFT JOIN assignment AS carried ON carried.device_id = device.id AND carried.person_id IS NOT NULL
    AND tstzrange(carried.since, carried.until) @> now()
LEFT JOIN person ON person.tenant_id = device.tenant_id AND person.id = carried.person_id
LEFT JOIN device_latest AS latest ON latest.device_id = device.id
LEFT JOIN activity_hourly AS activity ON activity.device_id = device.id AND activity.hour >= %(since)s
WHERE device.tenant_id = %(tenant_id)s AND device.retired_at IS NULL
GROUP BY device.id, device.name, person.first_name, person.last_name, latest.time, latest.moving
ORDER BY distance_m DESC, device.name;

-- today_alerts --
-- A tenant's alerts since a time, each with when somebody first took or resolved it, the newest first.
SELECT
    alert.id,
    alert.state,
    alert.fob,
    alert.device_name,
    concat_ws(' ', person.first_name, person.last_name) AS person,
    alert.raised_at,
    taken.at AS answered_at,
    taken.actor AS answered_by
FROM alert
LEFT JOIN person ON person.tenant_id = alert.tenant_id AND person.id = alert.person_id
LEFT JOIN LATERAL (
    SELECT history.at, history.actor
    FROM alert_history AS history
    WHERE
        history.tenant_id = alert.tenant_id
        AND history.alert_id = alert.id
        AND history.change IN ('acknowledged', 'resolved')
    ORDER BY history.at, history.id
    LIMIT 1
) AS taken ON TRUE
WHERE alert.tenant_id = %(tenant_id)s AND alert.raised_at >= %(since)s
ORDER BY alert.raised_at DESC;

-- today_visits --
-- How often a tenant's fences were entered since a time, and when last. By ix_geofence_event_tenant_id_time.
SELECT
    geofence.name,
    count(*) AS visits,
    count(DISTINCT event.device_id) AS units,
    max(event.time) AS last_at
FROM geofence_event AS event
INNER JOIN geofence ON geofence.tenant_id = event.tenant_id AND geofence.id = event.geofence_id
WHERE event.tenant_id = %(tenant_id)s AND event.time >= %(since)s AND event.kind = %(enter)s
GROUP BY geofence.name
ORDER BY visits DESC, geofence.name;

-- alerts_resolved_since --
-- A tenant's alerts that were resolved since a time, the newest first.
SELECT
    alert.id,
    alert.fob,
    alert.device_name,
    concat_ws(' ', person.first_name, person.last_name) AS person,
    alert.raised_at,
    alert.resolved_at,
    alert.resolved_by,
    alert.resolution
FROM alert
LEFT JOIN person ON person.tenant_id = alert.tenant_id AND person.id = alert.person_id
WHERE alert.tenant_id = %(tenant_id)s AND alert.state = 'resolved' AND alert.resolved_at >= %(since)s
ORDER BY alert.resolved_at DESC
LIMIT %(most)s;
