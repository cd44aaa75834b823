-- grain: one value, the share of what was expected that was paid
-- requires: ops.v_cabinet_checked_drivers
create or replace view ops.check_cabinet_collection_share as
select
  'total' as subject,
  round(100 * sum(total_paid_yango) / nullif(sum(expected_total_yango), 0), 2) as value,
  jsonb_build_object('expected', sum(expected_total_yango)::text, 'paid', sum(total_paid_yango)::text) as evidence
from ops.v_cabinet_checked_drivers;

comment on view ops.check_cabinet_collection_share is 'Percent collected; empty where nothing was expected.';
