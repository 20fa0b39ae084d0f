-- flagged_fixes --
-- The fixes of a device with one of these flags since a time, the newest first. A walk on the key (device_id, time).
SELECT time, lat, lon, quality, received_at, late, out_of_order
FROM fix
WHERE device_id = %(device_id)s AND time >= %(since)s AND quality & %(flags)s::integer <> 0
ORDER BY time DESC
LIMIT %(most)s;

-- odd_receipts --
-- What was odd about the receipts of a tenant's devices since a day, those with the most first. By pk_receipt_daily.
SELECT device.name, sum(duplicates) AS duplicates, sum(out_of_order) AS out_of_order, sum(late) AS late, sum(future) AS future
FROM device
JOIN receipt_daily ON receipt_daily.device_id = device.id AND receipt_daily.day >= %(since)s
WHERE device.tenant_id = %(tenant_id)s
GROUP BY device.name
ORDER BY sum(duplicates + out_of_order + late + future) DESC, device.name
LIMIT %(most)s;
