-- grain: one row per date of a backfill, with its state
-- requires: none
create or replace view ops.v_backfill_dates as
select d.backfill_id, d.position, d.as_of,
       case when d.done_by is not null then 'done'
            when r.status = 'running' then 'active'
            when r.status is not null then r.status
            when b.status = 'cancelled' then 'cancelled'
            when d.refused_by is not null then 'refused'
            else 'pending' end as state,
       coalesce(d.run_id, d.done_by, d.refused_by) as run_id,
       r.error, r.created_at as started_at, r.finished_at
from ops.backfill_dates d
join ops.backfills b using (backfill_id)
left join ops.runs r on r.run_id = d.run_id;

comment on view ops.v_backfill_dates is
  'One row per date of a backfill: done (before its turn), pending, refused (another run has it: it waits), active, succeeded, failed, cancelled.';
