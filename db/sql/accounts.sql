-- auth_find_account --
-- Whose login it is; of all tenants.
SELECT tenant_id, account_id, password_hash, locked_until, is_disabled FROM auth.find_account(%(login)s);

-- auth_note_failure --
-- A wrong password; so many in a row lock the account.
SELECT auth.note_failure(%(account_id)s, %(now)s, %(most)s, %(lock_for)s);

-- auth_open_session --
-- A new session; wrong passwords before it are forgotten.
SELECT auth.open_session(%(account_id)s, %(token)s, %(now)s, %(expires_at)s);

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
-- Use a link, once.
SELECT auth.use_link(%(token)s, %(now)s, %(password_hash)s);
