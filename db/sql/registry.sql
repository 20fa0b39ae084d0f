-- registered_devices --
-- Every device in service with the two levels that name it in topics.
SELECT tenant.slug, device.name, device.id
FROM device
JOIN tenant ON tenant.id = device.tenant_id
WHERE device.retired_at IS NULL;

-- active_geofences --
-- Every fence that is watched. All of them are read: no spatial index is asked.
SELECT id, tenant_id, name, ST_AsBinary(geom) AS wkb
FROM geofence
WHERE active
ORDER BY tenant_id, id;
