-- assignments_of --
-- Who had what, of one device, fob, person or vehicle; the newest first.
SELECT
    assignment.id,
    device.name AS device,
    assignment.fob_code AS fob,
    assignment.person_id,
    person.first_name || ' ' || person.last_name AS person,
    vehicle.name AS vehicle,
    assignment.since,
    assignment.until,
    assignment.assigned_by,
    assignment.ended_by
FROM assignment
LEFT JOIN device ON device.tenant_id = assignment.tenant_id AND device.id = assignment.device_id
LEFT JOIN person ON person.tenant_id = assignment.tenant_id AND person.id = assignment.person_id
LEFT JOIN vehicle ON vehicle.tenant_id = assignment.tenant_id AND vehicle.id = assignment.vehicle_id
WHERE assignment.tenant_id = %(tenant_id)s
    AND (
        assignment.device_id = %(device_id)s::integer
        OR assignment.fob_code = %(fob_code)s::text
        OR assignment.person_id = %(person_id)s::uuid
        OR assignment.vehicle_id = %(vehicle_id)s::uuid
    )
ORDER BY assignment.since DESC, assignment.id;

-- fob_holder --
-- Who had a fob at a time: the person that it was assigned to, else who had the vehicle that it was in, of a crew the first.
-- By ix_assignment_tenant_id_fob_code_since. A phone is its own fob: who has it is who pressed, unless there is a fob of its name.
SELECT person.id, person.first_name, person.last_name
FROM assignment AS had
LEFT JOIN assignment AS driven ON driven.tenant_id = had.tenant_id AND driven.vehicle_id = had.vehicle_id
    AND driven.person_id IS NOT NULL AND tstzrange(driven.since, driven.until) @> %(at)s::timestamptz
JOIN person ON person.tenant_id = had.tenant_id AND person.id = coalesce(had.person_id, driven.person_id)
WHERE had.tenant_id = %(tenant_id)s AND tstzrange(had.since, had.until) @> %(at)s::timestamptz
    AND (
        had.fob_code = %(fob)s
        OR had.device_id = (
            SELECT device.id FROM device
            WHERE device.tenant_id = %(tenant_id)s AND device.name = %(fob)s AND device.kind = 'phone'
        )
    )
ORDER BY had.fob_code IS NULL, had.person_id IS NULL, driven.since, person.id
LIMIT 1;

-- person_track --
-- The stretches of a person's history within a time: whose device, from when to when (R62), in hand or in the vehicle, each
-- once where it was both.
SELECT had.device_id, device.name, lower(stretch) AS since, upper(stretch) AS until
FROM (
    SELECT part.device_id, range_agg(part.during * tstzrange(%(since)s::timestamptz, %(until)s::timestamptz)) AS stretches
    FROM (
        SELECT own.device_id, tstzrange(own.since, own.until) AS during
        FROM assignment AS own
        WHERE own.tenant_id = %(tenant_id)s AND own.person_id = %(person_id)s AND own.device_id IS NOT NULL
        UNION ALL
        SELECT built_in.device_id, tstzrange(own.since, own.until) * tstzrange(built_in.since, built_in.until)
        FROM assignment AS own
        JOIN assignment AS built_in ON built_in.tenant_id = own.tenant_id AND built_in.vehicle_id = own.vehicle_id
            AND built_in.device_id IS NOT NULL
        WHERE own.tenant_id = %(tenant_id)s AND own.person_id = %(person_id)s
    ) AS part
    GROUP BY part.device_id
) AS had
CROSS JOIN LATERAL unnest(had.stretches) AS stretch
JOIN device ON device.tenant_id = %(tenant_id)s AND device.id = had.device_id
ORDER BY since, device.name;

-- next_handover --
-- When somebody next has, or has no more, what was said before; null where nothing is. Not over for the database, whose
-- clock says who has what, is not over, whatever the asker's says.
SELECT min(at) FROM (
    SELECT min(since) AS at FROM assignment WHERE since > least(%(now)s::timestamptz, now())
    UNION ALL
    SELECT min(until) FROM assignment WHERE until > least(%(now)s::timestamptz, now())
) AS ahead;
