-- auth_use_device_code --
-- Use a code, once, and set the device's password; whose it is, nothing where it can't be used.
SELECT tenant_slug, device_name FROM auth.use_device_code(%(code)s, %(now)s, %(password_hash)s);

-- broker_users --
-- Every device with a password of its own, of all tenants; the hash is null where the device is out of service.
SELECT t.slug || '/' || d.name AS name, CASE WHEN d.retired_at IS NULL THEN p.hash END AS hash
FROM device_password AS p
JOIN device AS d ON d.id = p.device_id
JOIN tenant AS t ON t.id = d.tenant_id
ORDER BY name;
