-- join_members --
-- A running process holds one lock of this class, named by its session, for as long as it lives.
SELECT pg_try_advisory_lock(%(member_class)s, pg_backend_pid());

-- see_leases --
-- Who is there and what is held; locks of two integers have objsubid 2.
SELECT classid::bigint, objid::bigint, pid = pg_backend_pid()
FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint IN (%(member_class)s, %(lease_class)s);

-- take_leases --
-- Try to hold these; nothing waits.
SELECT n, pg_try_advisory_lock(%(lease_class)s, n) FROM unnest(%(numbers)s::integer[]) AS n;

-- release_leases --
-- Give these back.
SELECT n, pg_advisory_unlock(%(lease_class)s, n) FROM unnest(%(numbers)s::integer[]) AS n;

-- count_leases --
-- How many leases anybody holds.
SELECT count(*)
FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint = %(lease_class)s;
