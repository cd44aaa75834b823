-- grain: one look at the due times of a schedule
-- requires: ops.schedule_key, ops.schedule_paused_at
-- Called by who holds the schedule's row (ops.know_schedule). p_times: all that was due since looked_until, up to p_until, which
-- lies so far back that nothing delivers them any more. A time that has its run is accounted for. One that fell into a pause is
-- recorded and not missed. One that is postponed to after p_until is waited for: looked_until stays before it. Of those of which
-- nothing came the newest p_most are to be started from p_again_at on, oldest first, a minute apart; with p_only_last, only
-- the newest time of all.
create or replace function ops.account_for(
  p_schedule text, p_arn text, p_times timestamptz[], p_until timestamptz, p_most integer, p_only_last boolean, p_again_at timestamptz,
  out missed integer, out paused integer, out waiting integer
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  with judged as (
    select t.due,
           case
             when exists (select from ops.runs r where r.trigger_key = ops.schedule_key(p_arn, t.due)) then 'RAN'
             when bool_or(e.event = 'PAUSED') or ops.schedule_paused_at(p_schedule, t.due) then 'PAUSED'
             when max(e.again_at) filter (where e.event = 'POSTPONED') > p_until then 'WAITING'
             else 'MISSED'
           end as judgement
    from unnest(p_times) as t(due)
    left join ops.schedule_events e on e.schedule = p_schedule and e.scheduled_time = t.due
    group by t.due
  ), gone as (
    select due, row_number() over (order by due desc) as newest, count(*) over () as n, (select max(due) from judged) as last_due
    from judged where judgement = 'MISSED'
  ), chosen as (
    select due, case
             when newest <= p_most and (not p_only_last or due = last_due)
               then p_again_at + interval '1 minute' * (least(n, p_most) - newest)
           end as again_at
    from gone
  ), kept as (
    insert into ops.schedule_events (schedule, scheduled_time, event, again_at)
    select p_schedule, due, 'PAUSED', null from judged where judgement = 'PAUSED'
    union all
    select p_schedule, due, 'MISSED', again_at from chosen
    order by 2
    on conflict (schedule, scheduled_time, event, ordinal) do nothing
    returning event
  )
  select (select count(*) from kept where event = 'MISSED'), (select count(*) from kept where event = 'PAUSED'),
         (select count(*) from judged where judgement = 'WAITING')
    into missed, paused, waiting;

  update ops.schedules s
  set looked_until = greatest(s.looked_until, coalesce((
    select min(t.due) - interval '1 second'
    from unnest(p_times) as t(due)
    join ops.schedule_events e on e.schedule = p_schedule and e.scheduled_time = t.due and e.event = 'POSTPONED' and e.again_at > p_until
    where not exists (select from ops.runs r where r.trigger_key = ops.schedule_key(p_arn, t.due))
  ), p_until))
  where s.schedule = p_schedule;
end
$$;

comment on function ops.account_for is 'Finds the due times of which nothing came, and records them with what becomes of them. Counts what is new.';
