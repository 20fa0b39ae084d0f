-- auth_begin_attempt --
-- Whose login it is, of all tenants, with this attempt counted; nothing where it is locked, disabled or unknown.
SELECT account_id, password_hash FROM auth.begin_attempt(%(login)s, %(now)s, %(most)s, %(lock_for)s);

-- auth_open_session --
-- A new session, unless the account is disabled or its password another than was checked; the attempts before it are
-- forgotten.
SELECT auth.open_session(%(account_id)s, %(token)s, %(now)s, %(expires_at)s, %(checked)s);

-- auth_find_session --
-- Who a session's token belongs to, while it is valid.
SELECT tenant_id, tenant_slug, tenant_name, time_zone, account_id, name, role, expires_at
FROM auth.find_session(%(token)s, %(now)s, %(idle)s);

-- auth_end_session --
-- Sign out.
SELECT auth.end_session(%(token)s, %(now)s);

-- auth_find_link --
-- Whose link it is and what for, while it can be used; it stays unused.
SELECT name, purpose FROM auth.find_link(%(token)s, %(now)s);

-- auth_use_link --
-- Use a link, once, and open a session.
SELECT auth.use_link(%(token)s, %(now)s, %(password_hash)s, %(session)s, %(expires_at)s);
