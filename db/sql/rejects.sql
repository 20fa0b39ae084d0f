-- add_rejects --
-- Payloads that could not be taken.
INSERT INTO reject (received_at, topic, payload, reason, kind, device_name, whole_bytes, tenant_id, device_id)
SELECT n.received_at, n.topic, n.payload, n.reason, n.kind, n.device, n.whole_bytes, t.id, d.id
FROM unnest(%(received_at)s::timestamptz[], %(topic)s::text[], %(payload)s::bytea[], %(reason)s::text[], %(kind)s::text[],
            %(tenant)s::text[], %(device)s::text[], %(whole_bytes)s::bigint[])
     AS n (received_at, topic, payload, reason, kind, tenant, device, whole_bytes)
LEFT JOIN tenant t ON t.slug = n.tenant
LEFT JOIN device d ON d.tenant_id = t.id AND d.name = n.device;

-- rejects_to_replay --
-- The next rejects that are whole and were not replayed, in the order in which they came; what another replay has in hand is its own.
-- Those of a tenant that there was not when they came are of the tenant that their topic names, here and in the two lists below.
SELECT r.id, r.received_at, r.topic, r.payload, r.reason
FROM reject r
LEFT JOIN tenant t ON t.id = r.tenant_id
WHERE r.id > %(after)s AND r.replayed_at IS NULL AND r.whole_bytes IS NULL
  AND (%(reason)s::text IS NULL OR position(lower(%(reason)s) IN lower(r.reason)) > 0)
  AND (%(tenant)s::text IS NULL OR %(tenant)s = coalesce(t.slug, CASE split_part(r.topic, '/', 1)
       WHEN 'owntracks' THEN split_part(r.topic, '/', 2) ELSE split_part(r.topic, '/', 3) END))
  AND (%(device)s::text IS NULL OR r.device_name = %(device)s)
  AND (%(since)s::timestamptz IS NULL OR r.received_at >= %(since)s)
ORDER BY r.id
LIMIT %(most)s
FOR UPDATE OF r SKIP LOCKED;

-- settle_rejects --
-- Those that were taken now are marked, the others stay with their new reason.
UPDATE reject r
SET replayed_at = CASE WHEN n.reason IS NULL THEN %(now)s::timestamptz END, reason = coalesce(n.reason, r.reason),
    kind = coalesce(n.kind, r.kind)
FROM unnest(%(id)s::bigint[], %(reason)s::text[], %(kind)s::text[]) AS n (id, reason, kind)
WHERE r.id = n.id;

-- count_rejects --
-- How many wait, how many are only a part and how many were replayed, by kind and the beginning of the reason.
SELECT r.kind, left(r.reason, 100) AS reason, count(*) FILTER (WHERE r.replayed_at IS NULL) AS waiting,
       count(*) FILTER (WHERE r.replayed_at IS NOT NULL) AS replayed,
       count(*) FILTER (WHERE r.whole_bytes IS NOT NULL) AS cut, max(r.received_at) AS newest
FROM reject r
LEFT JOIN tenant t ON t.id = r.tenant_id
WHERE (%(tenant)s::text IS NULL OR %(tenant)s = coalesce(t.slug, CASE split_part(r.topic, '/', 1)
       WHEN 'owntracks' THEN split_part(r.topic, '/', 2) ELSE split_part(r.topic, '/', 3) END))
GROUP BY 1, 2
ORDER BY waiting DESC, replayed DESC, 1, 2
LIMIT %(most)s;

-- newest_rejects --
-- The newest ones, with the beginning of their payloads.
SELECT r.id, r.received_at, t.slug AS tenant, r.device_name, r.topic, substr(r.payload, 1, %(payload_bytes)s) AS payload,
       coalesce(r.whole_bytes, length(r.payload)) AS bytes, r.whole_bytes IS NOT NULL AS is_cut, r.kind, r.reason,
       r.replayed_at
FROM reject r
LEFT JOIN tenant t ON t.id = r.tenant_id
WHERE (%(tenant)s::text IS NULL OR %(tenant)s = coalesce(t.slug, CASE split_part(r.topic, '/', 1)
       WHEN 'owntracks' THEN split_part(r.topic, '/', 2) ELSE split_part(r.topic, '/', 3) END))
  AND (%(before)s::bigint IS NULL OR r.id < %(before)s)
  AND (%(kind)s::text IS NULL OR r.kind = %(kind)s) AND (NOT %(waiting)s OR r.replayed_at IS NULL)
ORDER BY r.id DESC
LIMIT %(most)s;

-- drop_old_rejects --
-- What is older than rejects are kept.
DELETE FROM reject WHERE received_at < %(before)s;

-- drop_many_rejects --
-- Over the limit of its tenant the oldest go, of those senders first that have the most: who sent few keeps them all.
DELETE FROM reject r
USING (
    SELECT id, row_number() OVER (PARTITION BY tenant_id ORDER BY place, id DESC) AS rank
    FROM (
        SELECT id, tenant_id, row_number() OVER (PARTITION BY tenant_id, device_name ORDER BY id DESC) AS place
        FROM reject
        WHERE coalesce(tenant_id, %(nobody)s::uuid) IN (
            SELECT coalesce(tenant_id, %(nobody)s::uuid) FROM reject GROUP BY tenant_id HAVING count(*) > %(most)s
        )
    ) AS by_sender
) AS ranked
WHERE r.id = ranked.id AND ranked.rank > %(most)s;

-- try_sweep_lock --
-- One sweeps at a time, until its transaction ends.
SELECT pg_try_advisory_xact_lock(%(sweep_class)s, 0);
