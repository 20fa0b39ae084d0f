-- units --
-- A tenant's devices in service, or one of them, each with its carrier, its newest fix and its own word, the newest fix first.
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
    status.received_at AS told_at,
    status.gps,
    status.backlog
FROM device
LEFT JOIN vehicle ON vehicle.tenant_id = device.tenant_id AND vehicle.id = device.vehicle_id
LEFT JOIN person ON person.tenant_id = device.tenant_id AND person.id = device.person_id
LEFT JOIN device_latest AS latest ON latest.device_id = device.id
LEFT JOIN device_status AS status ON status.tenant_id = device.tenant_id AND status.device_id = device.id
WHERE device.tenant_id = %(tenant_id)s AND device.retired_at IS NULL
    AND (%(device_id)s::integer IS NULL OR device.id = %(device_id)s::integer)
ORDER BY latest.time DESC NULLS LAST, device.name
LIMIT %(most)s;
