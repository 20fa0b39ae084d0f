-- today_units --
-- A tenant's devices in service with what each did since an hour, and all who had it since then (R62), the first of them
-- first: in hand, else as its vehicle's crew. By ix_activity_hourly_hour, ix_assignment_device_id_since and the primary keys.
SELECT
    device.id AS device_id,
    device.name,
    coalesce(carriers.in_hand, carriers.crew) AS person,
    latest.time,
    latest.moving,
    coalesce(sum(activity.fixes), 0)::bigint AS fixes,
    coalesce(sum(activity.distance_m), 0)::double precision AS distance_m,
    coalesce(sum(activity.moving_s), 0)::double precision AS moving_s
FROM device
LEFT JOIN LATERAL (
    SELECT
        string_agg(had.name, ', ' ORDER BY had.first, had.person_id) FILTER (WHERE had.in_hand) AS in_hand,
        string_agg(had.name, ', ' ORDER BY had.first, had.person_id) FILTER (WHERE NOT had.in_hand) AS crew
    FROM (
        SELECT part.in_hand, person.id AS person_id, person.first_name || ' ' || person.last_name AS name,
               min(lower(part.during)) AS first
        FROM (
            SELECT true AS in_hand, own.person_id, tstzrange(own.since, own.until) AS during
            FROM assignment AS own
            WHERE own.device_id = device.id AND own.person_id IS NOT NULL
            UNION ALL
            SELECT false, driven.person_id, tstzrange(built_in.since, built_in.until) * tstzrange(driven.since, driven.until)
            FROM assignment AS built_in
            JOIN assignment AS driven ON driven.tenant_id = built_in.tenant_id AND driven.vehicle_id = built_in.vehicle_id
                AND driven.person_id IS NOT NULL
            WHERE built_in.device_id = device.id AND built_in.vehicle_id IS NOT NULL
        ) AS part
        JOIN person ON person.tenant_id = device.tenant_id AND person.id = part.person_id
        WHERE part.during && tstzrange(%(since)s::timestamptz, greatest(%(since)s::timestamptz, now()), '[]')
        GROUP BY part.in_hand, person.id, person.first_name, person.last_name
    ) AS had
) AS carriers ON true
LEFT JOIN device_latest AS latest ON latest.device_id = device.id
LEFT JOIN activity_hourly AS activity ON activity.device_id = device.id AND activity.hour >= %(since)s
WHERE device.tenant_id = %(tenant_id)s AND device.retired_at IS NULL
GROUP BY device.id, device.name, carriers.in_hand, carriers.crew, latest.time, latest.moving
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
