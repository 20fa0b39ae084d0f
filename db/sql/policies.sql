-- is_compression_enabled --
-- Whether chunks of fixes have a layout for compression.
SELECT compression_enabled
FROM timescaledb_information.hypertables
WHERE hypertable_schema = 'public' AND hypertable_name = 'fix';

-- enable_compression --
-- Community edition: how chunks of fixes are compressed.
ALTER TABLE fix SET (
    timescaledb.compress,
    timescaledb.compress_segmentby = 'device_id',
    timescaledb.compress_orderby = 'time'
);

-- compress_old_fixes --
-- Community edition: a job that compresses chunks older than so many days.
SELECT add_compression_policy('fix', make_interval(days => %(after_days)s), if_not_exists => true);

-- keep_all_fixes --
-- Community edition: take the job away that drops chunks, if there is one; another limit replaces it.
SELECT remove_retention_policy('fix', if_exists => true);

-- keep_all_checkpoints --
-- Community edition: the same for the job that forgets where tracks were.
SELECT delete_job(job_id) FROM timescaledb_information.jobs WHERE proc_schema = 'app' AND proc_name = 'forget_checkpoints';

-- drop_old_fixes --
-- Community edition: a job that drops chunks older than so many days.
SELECT add_retention_policy('fix', make_interval(days => %(after_days)s));

-- drop_old_checkpoints --
-- Community edition: a job that forgets where tracks were before the fixes that are kept.
SELECT add_job('app.forget_checkpoints', '1 day', config => jsonb_build_object('drop_after', make_interval(days => %(after_days)s)));
