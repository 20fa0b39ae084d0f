-- duty_only_tenants --
-- The tenants that keep the positions of people on duty alone.
SELECT id FROM tenant WHERE duty_only;

-- duty_of_devices --
-- Who has these devices within a time, in hand or in the vehicle, and when they are on duty within it, in microseconds; of the
-- tenants that keep the positions of people on duty alone. An alarm of theirs, or by that device, is a duty from the press
-- until it is resolved. By the indexes of assignment (two branches in place of an OR) and ex_duty_period_person.
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
), known AS (
    SELECT held.*, span.since AS span_since, span.until AS span_until
    FROM held
    CROSS JOIN span
    JOIN tenant ON tenant.id = held.tenant_id AND tenant.duty_only
    WHERE held.since <= span.until AND (held.until IS NULL OR held.until > span.since)
), alarm AS MATERIALIZED (
    SELECT made.*
    FROM (
        SELECT alert.tenant_id, alert.person_id, device.id AS device_id, alert.resolved_at AS until,
            CASE
                WHEN 'clock_unset' = ANY(alert.remarks) THEN alert.raised_at
                ELSE least(alert.pressed_at, alert.raised_at)
            END AS since
        FROM alert
        JOIN tenant ON tenant.id = alert.tenant_id AND tenant.duty_only
        LEFT JOIN device ON device.tenant_id = alert.tenant_id AND device.name = alert.device_name
    ) AS made
    CROSS JOIN span
    WHERE made.since <= span.until AND (made.until IS NULL OR made.until > span.since)
)
SELECT
    known.device_id,
    known.person_id,
    (extract(epoch FROM known.since) * 1000000)::bigint,
    (extract(epoch FROM known.until) * 1000000)::bigint,
    (extract(epoch FROM duty.since) * 1000000)::bigint,
    (extract(epoch FROM duty.until) * 1000000)::bigint
FROM known
LEFT JOIN LATERAL (
    SELECT period.since, period.until
    FROM duty_period AS period
    WHERE period.tenant_id = known.tenant_id AND period.person_id = known.person_id
        AND tstzrange(period.since, period.until) && tstzrange(known.span_since, known.span_until, '[]')
    UNION ALL
    SELECT alarm.since, alarm.until
    FROM alarm
    WHERE alarm.tenant_id = known.tenant_id AND (alarm.person_id = known.person_id OR alarm.device_id = known.device_id)
) AS duty ON true;
