-- check_extensions --
-- The extensions that are installed, with their versions.
SELECT extname, extversion FROM pg_extension;

-- check_roles --
-- What would let a role pass row-level security: attributes, and other roles that it may act as.
SELECT
    rolname,
    rolcanlogin,
    rolsuper,
    rolbypassrls,
    rolcreaterole,
    rolcreatedb,
    ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = pg_roles.oid) AS member_of
FROM pg_roles
WHERE rolname = ANY(%(roles)s);

-- check_tables --
-- Our tables and views with what protects them: hypertables can't have row-level security, so nothing may be granted on them.
WITH policy_of_web AS (
    SELECT
        polrelid,
        polname,
        coalesce(pg_get_expr(polqual, polrelid) LIKE '%%app.current_tenant()%%', true)
            AND coalesce(pg_get_expr(polwithcheck, polrelid) LIKE '%%app.current_tenant()%%', true) AS goes_by_tenant
    FROM pg_policy
    WHERE polpermissive AND (0 = ANY(polroles) OR (SELECT oid FROM pg_roles WHERE rolname = %(web)s) = ANY(polroles))
)
SELECT
    class.oid::regclass::text AS name,
    class.relkind::text AS kind,
    pg_get_userbyid(class.relowner) AS owner,
    class.relrowsecurity AS has_row_security,
    hypertable.hypertable_name IS NOT NULL AS is_hypertable,
    (
        SELECT array_agg(privilege ORDER BY privilege)
        FROM (
            SELECT unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege, false AS by_column
            UNION ALL
            SELECT unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']), true
        ) AS known
        WHERE CASE
            WHEN by_column THEN has_any_column_privilege(%(web)s, class.oid, privilege)
            ELSE has_table_privilege(%(web)s, class.oid, privilege)
        END
    ) AS web_privileges,
    (
        SELECT count(*) FILTER (WHERE goes_by_tenant)
        FROM policy_of_web
        WHERE policy_of_web.polrelid = class.oid
    ) AS own_tenant_policies,
    ARRAY(
        SELECT polname::text
        FROM policy_of_web
        WHERE policy_of_web.polrelid = class.oid AND NOT goes_by_tenant
    ) AS open_policies
FROM pg_class AS class
LEFT JOIN timescaledb_information.hypertables AS hypertable
    ON format('%%I.%%I', hypertable.hypertable_schema, hypertable.hypertable_name)::regclass = class.oid
WHERE class.relnamespace IN ('public'::regnamespace, to_regnamespace('app'), to_regnamespace('auth'))
    AND class.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND class.relname <> 'alembic_version'
    AND NOT EXISTS (
        SELECT FROM pg_depend AS member
        WHERE member.classid = 'pg_class'::regclass AND member.objid = class.oid AND member.deptype = 'e'
    )
ORDER BY 1;

-- check_functions --
-- Our functions that run with their owner's rights, and what keeps the tenants apart in them.
SELECT
    function.oid::regprocedure::text AS name,
    coalesce(function.proconfig::text LIKE '%%search_path=%%', false) AS has_fixed_path,
    has_function_privilege('public', function.oid, 'EXECUTE') AS is_public,
    has_function_privilege(%(web)s, function.oid, 'EXECUTE') AS is_web,
    function.prosrc LIKE '%%app.current_tenant()%%' AS goes_by_tenant
FROM pg_proc AS function
WHERE function.prosecdef
    AND function.pronamespace IN ('public'::regnamespace, to_regnamespace('app'), to_regnamespace('auth'))
    AND NOT EXISTS (
        SELECT FROM pg_depend AS member
        WHERE member.classid = 'pg_proc'::regclass AND member.objid = function.oid AND member.deptype = 'e'
    )
ORDER BY 1;

-- check_projection --
-- Helsinki in UTM zone 35: without PROJ's data the answer is another one, or an error.
SELECT ST_X(point) AS east_m, ST_Y(point) AS north_m
FROM ST_Transform(ST_SetSRID(ST_MakePoint(24.9384, 60.1699), 4326), 32635) AS point;
