-- registry_devices --
-- A tenant's devices, and who and what has each now.
SELECT device.id, device.name, device.kind, device.label, person.id AS person_id,
       person.first_name || ' ' || person.last_name AS person, vehicle.id AS vehicle_id, vehicle.name AS vehicle,
       device.retired_at
FROM device
LEFT JOIN assignment AS carried ON carried.device_id = device.id AND carried.person_id IS NOT NULL
    AND tstzrange(carried.since, carried.until) @> %(now)s::timestamptz
LEFT JOIN person ON person.tenant_id = device.tenant_id AND person.id = carried.person_id
LEFT JOIN assignment AS built_in ON built_in.device_id = device.id AND built_in.vehicle_id IS NOT NULL
    AND tstzrange(built_in.since, built_in.until) @> %(now)s::timestamptz
LEFT JOIN vehicle ON vehicle.tenant_id = device.tenant_id AND vehicle.id = built_in.vehicle_id
WHERE device.tenant_id = %(tenant_id)s AND (%(with_retired)s OR device.retired_at IS NULL)
ORDER BY device.name;

-- registry_fobs --
-- A tenant's fobs, and who and what has each now.
SELECT fob.code, person.id AS person_id, person.first_name || ' ' || person.last_name AS person,
       vehicle.id AS vehicle_id, vehicle.name AS vehicle, fob.retired_at
FROM fob
LEFT JOIN assignment AS carried ON carried.tenant_id = fob.tenant_id AND carried.fob_code = fob.code
    AND carried.person_id IS NOT NULL AND tstzrange(carried.since, carried.until) @> %(now)s::timestamptz
LEFT JOIN person ON person.tenant_id = fob.tenant_id AND person.id = carried.person_id
LEFT JOIN assignment AS built_in ON built_in.tenant_id = fob.tenant_id AND built_in.fob_code = fob.code
    AND built_in.vehicle_id IS NOT NULL AND tstzrange(built_in.since, built_in.until) @> %(now)s::timestamptz
LEFT JOIN vehicle ON vehicle.tenant_id = fob.tenant_id AND vehicle.id = built_in.vehicle_id
WHERE fob.tenant_id = %(tenant_id)s AND (%(with_retired)s OR fob.retired_at IS NULL)
ORDER BY fob.code;

-- registry_vehicles --
-- A tenant's vehicles, and who has each now.
SELECT vehicle.id, vehicle.name, vehicle.kind, vehicle.plate, crew.people AS person, vehicle.retired_at
FROM vehicle
LEFT JOIN LATERAL (
    SELECT string_agg(person.first_name || ' ' || person.last_name, ', ' ORDER BY driven.since, person.id) AS people
    FROM assignment AS driven
    JOIN person ON person.tenant_id = driven.tenant_id AND person.id = driven.person_id
    WHERE driven.tenant_id = vehicle.tenant_id AND driven.vehicle_id = vehicle.id
        AND tstzrange(driven.since, driven.until) @> %(now)s::timestamptz
) AS crew ON true
WHERE vehicle.tenant_id = %(tenant_id)s AND (%(with_retired)s OR vehicle.retired_at IS NULL)
ORDER BY vehicle.name;

-- registry_people --
-- A tenant's people, the vehicle that each has now, and whether each is on duty.
SELECT person.id, person.first_name, person.last_name, person.kind, person.phone, vehicle.id AS vehicle_id,
       vehicle.name AS vehicle,
       EXISTS (
           SELECT FROM duty_period AS duty
           WHERE duty.tenant_id = person.tenant_id AND duty.person_id = person.id
               AND tstzrange(duty.since, duty.until) @> %(now)s::timestamptz
       ) AS on_duty,
       person.retired_at
FROM person
LEFT JOIN assignment AS driven ON driven.tenant_id = person.tenant_id AND driven.person_id = person.id
    AND driven.vehicle_id IS NOT NULL AND tstzrange(driven.since, driven.until) @> %(now)s::timestamptz
LEFT JOIN vehicle ON vehicle.tenant_id = person.tenant_id AND vehicle.id = driven.vehicle_id
WHERE person.tenant_id = %(tenant_id)s AND (%(with_retired)s OR person.retired_at IS NULL)
ORDER BY person.last_name, person.first_name, person.id;
