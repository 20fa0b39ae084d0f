-- registered_devices --
-- Every device in service with the two levels that name it in topics.
SELECT tenant.slug, device.name, device.id
FROM device
JOIN tenant ON tenant.id = device.tenant_id
WHERE device.retired_at IS NULL;
