-- auth_use_device_code --
-- Use a code, once, and set the device's password; whose it is, nothing where it can't be used.
SELECT tenant_slug, device_name FROM auth.use_device_code(%(code)s, %(now)s, %(password_hash)s);

-- broker_users --
-- Every device with a password of its own, of all tenants; the hash is null where the device is out of service, or was and has no new one.
SELECT t.slug || '/' || d.name AS name, CASE WHEN d.retired_at IS NULL THEN nullif(p.hash, '') END AS hash
FROM device_password AS p
JOIN device AS d ON d.id = p.device_id
JOIN tenant AS t ON t.id = d.tenant_id
ORDER BY name;

-- set_device_password --
-- The password of a device in service at the broker, as Mosquitto keeps it.
INSERT INTO device_password AS p (tenant_id, device_id, hash, set_at)
SELECT d.tenant_id, d.id, %(password_hash)s, %(now)s
FROM device d
JOIN tenant t ON t.id = d.tenant_id
WHERE t.slug = %(tenant)s AND d.name = %(device)s AND d.retired_at IS NULL
ON CONFLICT (device_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at;
