-- units --
-- A tenant's devices in service, or one of them, each with its carrier (else who has its vehicle), its newest fix and its own word, the newest fix first.
-- By uq_device_tenant_id_name and the primary keys of the others.
SELECT
    device.id AS device_id,
    device.name,
    device.kind,
    device.label,
    vehicle.name AS vehicle,
    coalesce(person.first_name || ' ' || person.last_name, crew.names) AS person,
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
LEFT JOIN assignment AS built_in ON built_in.device_id = device.id AND built_in.vehicle_id IS NOT NULL
    AND tstzrange(built_in.since, built_in.until) @> now()
LEFT JOIN vehicle ON vehicle.tenant_id = device.tenant_id AND vehicle.id = built_in.vehicle_id
LEFT JOIN assignment AS carried ON carried.device_id = device.id AND carried.person_id IS NOT NULL
    AND tstzrange(carried.since, carried.until) @> now()
LEFT JOIN person ON person.tenant_id = device.tenant_id AND person.id = carried.person_id
LEFT JOIN (
    SELECT driven.vehicle_id, string_agg(driver.first_name || ' ' || driver.last_name, ', ' ORDER BY driven.since) AS names
    FROM assignment AS driven
    JOIN person AS driver ON driver.tenant_id = driven.tenant_id AND driver.id = driven.person_id
    WHERE driven.tenant_id = %(tenant_id)s AND driven.vehicle_id IS NOT NULL AND tstzrange(driven.since, driven.until) @> now()
    GROUP BY driven.vehicle_id
) AS crew ON crew.vehicle_id = built_in.vehicle_id
LEFT JOIN device_latest AS latest ON latest.device_id = device.id
LEFT JOIN device_status AS status ON status.tenant_id = device.tenant_id AND status.device_id = device.id
WHERE device.tenant_id = %(tenant_id)s AND device.retired_at IS NULL
    AND (%(device_id)s::integer IS NULL OR device.id = %(device_id)s::integer)
ORDER BY latest.time DESC NULLS LAST, device.name
LIMIT %(most)s;
