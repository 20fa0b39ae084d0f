-- duty_only_tenants --
-- The tenants that keep the positions of people on duty alone.
SELECT id FROM tenant WHERE duty_only;

-- duty_of_devices --
-- Who has these devices within a time, in hand or in the vehicle, and when they are on duty within it, in microseconds; of the
-- tenants that keep the positions of people on duty alone. By ix_assignment_device_id_since and the others of both tables.
SELECT
    had.device_id,
    holder.person_id,
    (extract(epoch FROM greatest(had.since, holder.since)) * 1000000)::bigint,
    (extract(epoch FROM least(had.until, holder.until)) * 1000000)::bigint,
    (extract(epoch FROM duty.since) * 1000000)::bigint,
    (extract(epoch FROM duty.until) * 1000000)::bigint
FROM (
    SELECT tstzrange(
        'epoch'::timestamptz + %(since_us)s * interval '1 microsecond',
        'epoch'::timestamptz + %(until_us)s * interval '1 microsecond',
        '[]'
    ) AS whole
) AS span
CROSS JOIN unnest(%(device_id)s::integer[]) AS wanted (device_id)
JOIN assignment AS had ON had.device_id = wanted.device_id
JOIN tenant ON tenant.id = had.tenant_id AND tenant.duty_only
JOIN assignment AS holder ON holder.tenant_id = had.tenant_id AND holder.person_id IS NOT NULL
    AND (holder.id = had.id OR holder.vehicle_id = had.vehicle_id)
LEFT JOIN duty_period AS duty ON duty.tenant_id = holder.tenant_id AND duty.person_id = holder.person_id
    AND tstzrange(duty.since, duty.until) && span.whole
WHERE tstzrange(had.since, had.until) * tstzrange(holder.since, holder.until) && span.whole;
