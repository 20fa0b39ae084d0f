-- fence_visits --
-- A tenant's stays that lie within a time, the part of one at least, the latest entry first; of a device, of fences, or of all.
-- By ix_visit_tenant_id_entered_at.
SELECT
    stay.id, stay.geofence_id, geofence.name AS fence, stay.device_id, device.name AS device,
    stay.entered_at, stay.dwelled_at, stay.exited_at, stay.enter_reason, stay.exit_reason, stay.corrected_at
FROM visit AS stay
JOIN device ON device.tenant_id = stay.tenant_id AND device.id = stay.device_id
JOIN geofence ON geofence.tenant_id = stay.tenant_id AND geofence.id = stay.geofence_id
WHERE stay.tenant_id = %(tenant_id)s AND stay.entered_at < %(until)s
    AND (stay.entered_at >= %(since)s OR stay.exited_at IS NULL OR stay.exited_at > %(since)s)
    AND (%(device_id)s::integer IS NULL OR stay.device_id = %(device_id)s::integer)
    AND (%(fence_ids)s::uuid[] IS NULL OR stay.geofence_id = ANY(%(fence_ids)s::uuid[]))
    AND (%(before)s::timestamptz IS NULL OR (stay.entered_at, stay.id::text) < (%(before)s::timestamptz, %(before_key)s))
ORDER BY stay.entered_at DESC, stay.id::text DESC
LIMIT %(most)s;

-- fence_events --
-- What happened at a tenant's fences within a time, the latest first; of a device, of fences, of a kind, or all.
-- By ix_geofence_event_tenant_id_time.
SELECT
    event.time, event.decided_at, event.kind, event.reason, event.geofence_id, geofence.name AS fence, event.device_id,
    device.name AS device, event.visit_id, event.lat, event.lon, event.speed_mps, event.received_at, event.late,
    event.corrected_at
FROM geofence_event AS event
JOIN device ON device.tenant_id = event.tenant_id AND device.id = event.device_id
JOIN geofence ON geofence.tenant_id = event.tenant_id AND geofence.id = event.geofence_id
WHERE event.tenant_id = %(tenant_id)s AND event.time >= %(since)s AND event.time < %(until)s
    AND (%(device_id)s::integer IS NULL OR event.device_id = %(device_id)s::integer)
    AND (%(fence_ids)s::uuid[] IS NULL OR event.geofence_id = ANY(%(fence_ids)s::uuid[]))
    AND (%(kind)s::text IS NULL OR event.kind = %(kind)s::text)
    AND (
        %(before)s::timestamptz IS NULL
        OR (event.time, concat_ws('/', event.device_id, event.geofence_id, event.kind)) < (%(before)s::timestamptz, %(before_key)s)
    )
ORDER BY event.time DESC, concat_ws('/', event.device_id, event.geofence_id, event.kind) DESC
LIMIT %(most)s;

-- carriers_then --
-- Who had each of some devices at a time of its own, in hand, else as its vehicle's crew, and in which vehicle it was: a row for
-- each, in their order (R62). By ix_assignment_device_id_since.
SELECT coalesce(person.first_name || ' ' || person.last_name, crew.names) AS person, vehicle.name AS vehicle
FROM unnest(%(device_ids)s::integer[], %(times)s::timestamptz[]) WITH ORDINALITY AS moment (device_id, at, place)
LEFT JOIN assignment AS carried ON carried.tenant_id = %(tenant_id)s AND carried.device_id = moment.device_id
    AND carried.person_id IS NOT NULL AND tstzrange(carried.since, carried.until) @> moment.at
LEFT JOIN person ON person.tenant_id = carried.tenant_id AND person.id = carried.person_id
LEFT JOIN assignment AS built_in ON built_in.tenant_id = %(tenant_id)s AND built_in.device_id = moment.device_id
    AND built_in.vehicle_id IS NOT NULL AND tstzrange(built_in.since, built_in.until) @> moment.at
LEFT JOIN vehicle ON vehicle.tenant_id = built_in.tenant_id AND vehicle.id = built_in.vehicle_id
LEFT JOIN LATERAL (
    SELECT string_agg(driver.first_name || ' ' || driver.last_name, ', ' ORDER BY driven.since, driver.id) AS names
    FROM assignment AS driven
    JOIN person AS driver ON driver.tenant_id = driven.tenant_id AND driver.id = driven.person_id
    WHERE driven.tenant_id = built_in.tenant_id AND driven.vehicle_id = built_in.vehicle_id
        AND tstzrange(driven.since, driven.until) @> moment.at
) AS crew ON true
ORDER BY moment.place;
