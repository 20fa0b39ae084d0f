-- find_sender_token --
-- The device of a token that is good, and whether it is in service.
SELECT k.token_sha256, t.slug, k.device_name, t.id, d.id
FROM sender_token k
JOIN tenant t ON t.id = k.tenant_id
LEFT JOIN device d ON d.tenant_id = k.tenant_id AND d.name = k.device_name AND d.retired_at IS NULL
WHERE k.token_sha256 = %(digest)s AND k.revoked_at IS NULL;

-- add_to_sender_queue --
-- Messages that wait for the holder of their shard, in this order.
INSERT INTO sender_queue (tenant_id, received_at, shard, topic, payload)
SELECT n.tenant_id, n.received_at, n.shard, n.topic, n.payload
FROM unnest(%(tenant_id)s::uuid[], %(received_at)s::timestamptz[], %(shard)s::smallint[], %(topic)s::text[],
            %(payload)s::bytea[])
     WITH ORDINALITY AS n (tenant_id, received_at, shard, topic, payload, place)
ORDER BY n.place;

-- read_sender_queue --
-- The oldest messages of these shards that are not in hand already, up to the one that fills so many bytes. Numbers may appear out of
-- order: none is passed by.
SELECT id, shard, topic, payload
FROM (
    SELECT id, shard, topic, payload, sum(length(payload)) OVER (ORDER BY id) - length(payload) AS bytes_before
    FROM (
        SELECT id, shard, topic, payload
        FROM sender_queue
        WHERE shard = ANY(%(shards)s::smallint[]) AND id <> ALL(%(in_hand)s::bigint[])
        ORDER BY id
        LIMIT %(most)s
    ) AS oldest
) AS weighed
WHERE bytes_before < %(most_bytes)s
ORDER BY id;

-- take_from_sender_queue --
-- What came of these is in the database.
DELETE FROM sender_queue WHERE id = ANY(%(ids)s::bigint[]);

-- count_sender_queue --
-- How many messages wait, without counting further than so many.
SELECT count(*) FROM (SELECT FROM sender_queue LIMIT %(most)s) AS waiting;

-- add_sender_events --
-- What phones say of places of their own; the same again is known. A claim says where somebody is: of a tenant who keeps that
-- of people on duty alone, none is kept.
INSERT INTO sender_event (tenant_id, device_id, time, received_at, kind, place, lat, lon, radius_m, accuracy_m)
SELECT n.tenant_id, n.device_id, n.time, n.received_at, n.kind, n.place, n.lat, n.lon, n.radius_m, n.accuracy_m
FROM unnest(%(tenant_id)s::uuid[], %(device_id)s::integer[], %(time)s::timestamptz[], %(received_at)s::timestamptz[],
            %(kind)s::text[], %(place)s::text[], %(lat)s::float8[], %(lon)s::float8[], %(radius_m)s::float8[],
            %(accuracy_m)s::float8[])
     AS n (tenant_id, device_id, time, received_at, kind, place, lat, lon, radius_m, accuracy_m)
JOIN tenant t ON t.id = n.tenant_id AND NOT t.duty_only
ON CONFLICT DO NOTHING;

-- unit_claims --
-- What a phone has said of places of its own, the newest first.
SELECT time, kind, place, lat, lon, radius_m, accuracy_m
FROM sender_event
WHERE tenant_id = %(tenant_id)s AND device_id = %(device_id)s
ORDER BY time DESC, kind, place
LIMIT %(most)s;

-- note_sender_contacts --
-- What phones have told last, by the server's clock and the order in which it came; a value that is not told stays.
WITH told AS (
    SELECT DISTINCT ON (n.device_id)
           n.tenant_id, n.device_id, n.time, n.received_at, n.online, n.gps, n.version,
           array_agg(n.battery_pct) FILTER (WHERE n.battery_pct IS NOT NULL)
               OVER (PARTITION BY n.device_id ORDER BY n.received_at, n.place) AS batteries
    FROM unnest(%(tenant_id)s::uuid[], %(device_id)s::integer[], %(time)s::timestamptz[], %(received_at)s::timestamptz[],
                %(online)s::boolean[], %(gps)s::text[], %(version)s::text[], %(battery_pct)s::float8[])
         WITH ORDINALITY AS n (tenant_id, device_id, time, received_at, online, gps, version, battery_pct, place)
    ORDER BY n.device_id, n.received_at DESC, n.place DESC
)
INSERT INTO device_status AS s (tenant_id, device_id, time, received_at, online, gps, version, battery_pct)
SELECT tenant_id, device_id, time, received_at, online, gps, version, batteries[cardinality(batteries)]
FROM told
ORDER BY device_id
ON CONFLICT (tenant_id, device_id) DO UPDATE
SET time = excluded.time, received_at = excluded.received_at, online = excluded.online, gps = excluded.gps,
    version = excluded.version, battery_pct = coalesce(excluded.battery_pct, s.battery_pct)
WHERE excluded.received_at >= s.received_at;

-- note_quarantine --
-- Senders that name a device which their tenant does not have in service. Who is known is counted on; new ones come in while
-- there is room.
WITH sent AS (
    SELECT t.id AS tenant_id, n.device, min(n.received_at) AS first_seen, max(n.received_at) AS last_seen,
           count(*) AS messages, (array_agg(n.topic ORDER BY n.place DESC))[1] AS topic,
           (array_agg(n.payload ORDER BY n.place DESC))[1] AS payload
    FROM unnest(%(tenant)s::text[], %(device)s::text[], %(received_at)s::timestamptz[], %(topic)s::text[],
                %(payload)s::bytea[])
         WITH ORDINALITY AS n (tenant, device, received_at, topic, payload, place)
    JOIN tenant t ON t.slug = n.tenant
    WHERE NOT EXISTS (SELECT FROM device d WHERE d.tenant_id = t.id AND d.name = n.device AND d.retired_at IS NULL)
    GROUP BY t.id, n.device
), ranked AS (
    SELECT s.*, k.device_name IS NOT NULL AS is_known,
           row_number() OVER (PARTITION BY s.tenant_id, k.device_name IS NULL ORDER BY s.device)
           + (SELECT count(*) FROM quarantine c WHERE c.tenant_id = s.tenant_id AND c.adopted_at IS NULL) AS place
    FROM sent s
    LEFT JOIN quarantine k ON k.tenant_id = s.tenant_id AND k.device_name = s.device
)
INSERT INTO quarantine AS q (tenant_id, device_name, first_seen, last_seen, messages, last_topic, last_payload)
SELECT tenant_id, device, first_seen, last_seen, messages, topic, payload
FROM ranked
WHERE is_known OR place <= %(most)s
ORDER BY tenant_id, device
ON CONFLICT (tenant_id, device_name) DO UPDATE
SET last_seen = greatest(q.last_seen, excluded.last_seen), messages = q.messages + excluded.messages,
    last_topic = excluded.last_topic, last_payload = excluded.last_payload, adopted_at = NULL, adopted_by = NULL;

-- quarantined --
-- Who waits to be adopted, the newest first; all, if wanted, and those whose rejects are kept.
SELECT q.device_name, q.first_seen, q.last_seen, q.messages, q.last_topic, q.last_payload, q.dismissed_at, q.dismissed_by
FROM quarantine q
WHERE q.tenant_id = %(tenant_id)s AND q.adopted_at IS NULL AND (%(with_dismissed)s OR q.dismissed_at IS NULL)
ORDER BY q.last_seen DESC, q.device_name;

-- lock_quarantined --
-- One who waits, held until the transaction's end: of two who adopt at once one comes too late.
SELECT device_name FROM quarantine
WHERE tenant_id = %(tenant_id)s AND device_name = %(device_name)s AND adopted_at IS NULL
FOR UPDATE;

-- adopt_device --
-- The device is in service, new or again.
INSERT INTO device AS d (tenant_id, uid, name, kind, label)
VALUES (%(tenant_id)s, %(uid)s, %(device_name)s, %(kind)s, %(label)s)
ON CONFLICT (tenant_id, name) DO UPDATE SET retired_at = NULL, label = coalesce(excluded.label, d.label)
RETURNING id;

-- close_quarantine --
-- It is adopted.
UPDATE quarantine SET adopted_at = %(at)s, adopted_by = %(by)s, dismissed_at = NULL, dismissed_by = NULL
WHERE tenant_id = %(tenant_id)s AND device_name = %(device_name)s;

-- dismiss_quarantined --
-- Nobody wants it: it is counted on, out of sight.
UPDATE quarantine SET dismissed_at = %(at)s, dismissed_by = %(by)s
WHERE tenant_id = %(tenant_id)s AND device_name = %(device_name)s AND adopted_at IS NULL
RETURNING device_name;

-- count_kept_rejects --
-- What of a device can be replayed.
SELECT count(*) FROM reject r
WHERE r.tenant_id = %(tenant_id)s AND r.device_name = %(device_name)s AND r.replayed_at IS NULL AND r.whole_bytes IS NULL;
