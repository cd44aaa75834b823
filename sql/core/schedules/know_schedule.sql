-- grain: one schedule that is met
-- requires: none
-- Locks its row to the end of the transaction. p_since: from when on its times are accounted for, when it is new. p_changed_at: the
-- same, when it is due at other times than it was; null where nobody can say, and what is known of it stays. Nothing that was due
-- before is ever missed.
create or replace function ops.know_schedule(
  p_schedule text, p_expression text, p_time_zone text, p_since timestamptz, p_changed_at timestamptz,
  out paused boolean, out applied boolean, out looked_until timestamptz
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  insert into ops.schedules as s (schedule, expression, time_zone, looked_until)
  values (p_schedule, p_expression, p_time_zone, p_since)
  on conflict (schedule) do update
    set expression = case when p_changed_at is null then s.expression else excluded.expression end,
        time_zone = case when p_changed_at is null then s.time_zone else excluded.time_zone end,
        looked_until = case
          when (s.expression, s.time_zone) is distinct from (excluded.expression, excluded.time_zone)
            then greatest(s.looked_until, p_changed_at)
          else s.looked_until
        end
  returning s.paused, s.action_id is null or s.applied_at is not null, s.looked_until into paused, applied, looked_until;
end
$$;

comment on function ops.know_schedule is 'What the ledger knows of a schedule, which it then knows; holds its row.';
