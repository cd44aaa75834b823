-- grain: one sign of life of one attempt; false when the attempt is no longer the newest
-- requires: none
create or replace function ops.beat(p_job_run_id uuid, p_attempt integer, p_progress jsonb) returns boolean
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with beat as (
    update ops.heartbeats
    -- What is done never grows less, whatever a job says; what it counts in another unit is something else.
    set beat_at = clock_timestamp(),
        progress = case when p_progress -> 'unit' = progress -> 'unit' and p_progress -> 'done' < progress -> 'done' then progress
                        else coalesce(p_progress, progress) end
    where job_run_id = p_job_run_id and attempt = p_attempt
    returning 1
  )
  select exists (select 1 from beat);
$$;

comment on function ops.beat is 'Renews the lease of an attempt and stores its progress.';
