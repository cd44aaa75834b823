-- grain: one due time of a schedule
-- requires: none
-- As scheduleTrigger() of functions/core/job-handler.ts makes it: a test holds the two together.
create or replace function ops.schedule_key(p_arn text, p_time timestamptz) returns text
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select p_arn || ' ' || to_char(p_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
$$;

comment on function ops.schedule_key is 'The trigger key of the run that a due time becomes.';
