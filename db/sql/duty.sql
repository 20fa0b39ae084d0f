-- duty_only_tenants --
-- The tenants that keep the positions of people on duty alone.
SELECT id FROM tenant WHERE duty_only;

-- duty_of_devices --
-- Who has these devices within a time, in hand or in the vehicle, and when they are on duty within it, in microseconds; of the
-- tenants that keep the positions of people on duty alone. By the indexes of assignment, two branches in place of an OR.
WITH span AS (
    SELECT
        'epoch'::timestamptz + %(since_us)s * interval '1 microsecond' AS since,
        'epoch'::timestamptz + %(until_us)s * interval '1 microsecond' AS until
), held AS (
    SELECT had.tenant_id, had.device_id, had.person_id, had.since, had.until
    FROM unnest(%(device_id)s::integer[]) AS wanted (device_id)
    JOIN assignment AS had ON had.device_id = wanted.device_id AND had.person_id IS NOT NULL
    UNION ALL
    SELECT had.tenant_id, had.device_id, crew.person_id, greatest(had.since, crew.since), least(had.until, crew.until)
    FROM unnest(%(device_id)s::integer[]) AS wanted (device_id)
    JOIN assignment AS had ON had.device_id = wanted.device_id AND had.vehicle_id IS NOT NULL
    JOIN assignment AS crew ON crew.tenant_id = had.tenant_id AND crew.vehicle_id = had.vehicle_id
        AND crew.person_id IS NOT NULL AND tstzrange(crew.since, crew.until) && tstzrange(had.since, had.until)
)
SELECT
    held.device_id,
    held.person_id,
    (extract(epoch FROM held.since) * 1000000)::bigint,
    (extract(epoch FROM held.until) * 1000000)::bigint,
    (extract(epoch FROM duty.since) * 1000000)::bigint,
    (extract(epoch FROM duty.until) * 1000000)::bigint
FROM held
CROSS JOIN span
JOIN tenant ON tenant.id = held.tenant_id AND tenant.duty_only
LEFT JOIN duty_period AS duty ON duty.tenant_id = held.tenant_id AND duty.person_id = held.person_id
    AND duty.since <= span.until AND (duty.until IS NULL OR duty.until > span.since)
WHERE held.since <= span.until AND (held.until IS NULL OR held.until > span.since);
