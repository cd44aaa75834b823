-- grain: one row per redrive, with how far it is
-- requires: none
create or replace view ops.v_redrives as
select r.redrive_id, r.status, r.filter, r.rate_per_minute, r.operator, r.reason, r.created_at, r.finished_at,
       i.runs, i.waiting, i.retried, i.refused, i.cancelled
from ops.redrives r
cross join lateral (
  select count(*)::integer as runs,
         count(*) filter (where verdict is null)::integer as waiting,
         count(*) filter (where verdict = 'RETRIED')::integer as retried,
         count(*) filter (where verdict not in ('RETRIED', 'CANCELLED'))::integer as refused,
         count(*) filter (where verdict = 'CANCELLED')::integer as cancelled
  from ops.redrive_runs i where i.redrive_id = r.redrive_id
) i;

comment on view ops.v_redrives is 'One row per redrive, with how many of its runs wait, were taken up, or could not be.';
