-- grain: one row per backfill, with how far it is
-- requires: ops.v_backfill_dates
create or replace view ops.v_backfills as
select b.backfill_id, b.pipeline, b.from_date, b.to_date, case when b.newest_first then 'newest' else 'oldest' end as first,
       b.concurrency, b.force, b.stop_on_failure, b.input, b.status, b.paused_because, b.operator, b.reason, b.code_version,
       b.created_at, b.finished_at, d.dates, d.done, d.pending, d.refused, d.active, d.succeeded, d.failed, d.cancelled
from ops.backfills b
cross join lateral (
  select count(*)::integer as dates,
         count(*) filter (where state = 'done')::integer as done,
         count(*) filter (where state = 'pending')::integer as pending,
         count(*) filter (where state = 'refused')::integer as refused,
         count(*) filter (where state = 'active')::integer as active,
         count(*) filter (where state = 'succeeded')::integer as succeeded,
         count(*) filter (where state = 'failed')::integer as failed,
         count(*) filter (where state = 'cancelled')::integer as cancelled
  from ops.v_backfill_dates d where d.backfill_id = b.backfill_id
) d;

comment on view ops.v_backfills is 'One row per backfill, with how many of its dates are in which state.';
