-- live_units --
-- Where a tenant's devices in service are, for the live hub.
SELECT device.id AS device_id, device.kind, latest.lat, latest.lon, latest.time, latest.course_deg, latest.moving
FROM device
LEFT JOIN device_latest AS latest ON latest.device_id = device.id
WHERE device.tenant_id = %(tenant_id)s AND device.retired_at IS NULL
ORDER BY device.id;

-- seen_alerts --
-- A tenant's unresolved alerts with the names around them, or one alert by its id: the open ones first, the most urgent
-- of them, then the older. By uq_alert_unresolved_fob, which holds the unresolved alone, or pk_alert.
SELECT
    alert.*,
    device.id AS device_id,
    nullif(concat_ws(' ', person.first_name, person.last_name), '') AS who
FROM alert
LEFT JOIN device ON device.tenant_id = alert.tenant_id AND device.name = alert.device_name
LEFT JOIN person ON person.tenant_id = alert.tenant_id AND person.id = alert.person_id
WHERE alert.tenant_id = %(tenant_id)s
    AND CASE WHEN %(alert_id)s::uuid IS NULL THEN alert.state <> 'resolved' ELSE alert.id = %(alert_id)s::uuid END
ORDER BY (alert.state = 'open') DESC, alert.priority DESC, alert.raised_at;

-- unread_alert --
-- What can be read of an unresolved alert whatever stands in it: no time out of the calendar, no number that is none.
SELECT
    alert.tenant_id, alert.id, alert.state, alert.device_name, alert.fob, alert.acknowledged_by, alert.press_count,
    CASE
        WHEN isfinite(alert.raised_at) AND alert.raised_at BETWEEN '0001-01-03Z' AND '9999-12-29Z' THEN alert.raised_at
        ELSE now()
    END AS raised_at,
    device.id AS device_id
FROM alert
LEFT JOIN device ON device.tenant_id = alert.tenant_id AND device.name = alert.device_name
WHERE alert.tenant_id = %(tenant_id)s AND alert.id = %(alert_id)s AND alert.state <> 'resolved';

-- handled_alerts --
-- The newest alert of each fob, where it was acknowledged or resolved since a time: an older one's lamp shows another by now.
SELECT id, state, device_name, fob, coalesce(resolved_by, acknowledged_by) AS by
FROM (
    SELECT DISTINCT ON (fob) *
    FROM alert
    WHERE tenant_id = %(tenant_id)s
    ORDER BY fob, raised_at DESC
) AS newest
WHERE state IN ('acknowledged', 'resolved') AND coalesce(resolved_at, acknowledged_at) >= %(since)s;

-- changes_of_alerts --
-- What happened to some of a tenant's alerts, in order. By ix_alert_history_tenant_id_alert_id_id.
SELECT alert_id, change, at, actor, note
FROM alert_history
WHERE tenant_id = %(tenant_id)s AND alert_id = ANY(%(alert_ids)s)
ORDER BY alert_id, id;

-- unit_status --
-- What a device last told of itself.
SELECT battery_pct, version, uptime_s, received_at
FROM device_status
WHERE tenant_id = %(tenant_id)s AND device_id = %(device_id)s;

-- unit_events --
-- What lately happened to a device: fences that it crossed and alerts that it raised, the newest first.
SELECT
    event.time, event.kind, geofence.name AS text, event.reason, event.corrected_at, NULL::uuid AS alert_id
FROM geofence_event AS event
JOIN geofence ON geofence.tenant_id = event.tenant_id AND geofence.id = event.geofence_id
WHERE event.tenant_id = %(tenant_id)s AND event.device_id = %(device_id)s
UNION ALL
SELECT alert.raised_at, 'alert_' || alert.state, alert.text, NULL, NULL, alert.id
FROM alert
JOIN device ON device.tenant_id = alert.tenant_id AND device.name = alert.device_name
WHERE alert.tenant_id = %(tenant_id)s AND device.id = %(device_id)s
ORDER BY 1 DESC
LIMIT %(most)s;

-- unit_trail --
-- The fixes of a device since a time, the oldest first, evenly thinned to at most so many, the newest always among them; none
-- where it is not this tenant's. Those with one of the flags of `hidden` are left out.
SELECT time, lat, lon, speed_mps, course_deg, quality, received_at, late, out_of_order, corrected_at
FROM (
    SELECT fix.*, row_number() OVER (ORDER BY time DESC) - 1 AS place, count(*) OVER () AS fixes
    FROM app.fix_history(%(device_id)s, %(since)s, %(until)s) AS fix
    WHERE fix.quality & %(hidden)s::integer = 0
) AS counted
WHERE mod(place, greatest(1, ceil(fixes / %(most)s::numeric))) = 0
ORDER BY time;

-- devices_of_person --
-- The devices in service that a person has now, in hand or in the vehicle (R17); no row where the tenant has no such person.
SELECT device.id AS device_id
FROM person
LEFT JOIN assignment AS own ON own.tenant_id = person.tenant_id AND own.person_id = person.id
    AND tstzrange(own.since, own.until) @> now()
LEFT JOIN assignment AS built_in ON built_in.tenant_id = own.tenant_id AND built_in.vehicle_id = own.vehicle_id
    AND built_in.device_id IS NOT NULL AND tstzrange(built_in.since, built_in.until) @> now()
LEFT JOIN device ON device.id = coalesce(own.device_id, built_in.device_id) AND device.retired_at IS NULL
WHERE person.tenant_id = %(tenant_id)s AND person.id = %(person_id)s;
