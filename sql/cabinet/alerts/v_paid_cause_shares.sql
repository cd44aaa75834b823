-- grain: one row per watched cause of payments without achievement
-- requires: ops.v_cabinet_paid_without_achievement
-- The fourth cause is counted among all and watched by nobody: a final, valid state, whatever its share.
create or replace view ops.v_paid_cause_shares as
select watched.name, round(100.0 * count(*) filter (where classification_cause = watched.cause) / nullif(count(classification_cause), 0), 2) as pct
from (values
  ('insufficient_trips', 'INSUFFICIENT_TRIPS_CONFIRMED'),
  ('identity_mismatch', 'IDENTITY_MISMATCH'),
  ('window_mismatch', 'WINDOW_MISMATCH')
) watched (name, cause)
left join ops.v_cabinet_paid_without_achievement on true
group by watched.name;

comment on view ops.v_paid_cause_shares is 'Per cent of all payments without achievement, per cause that may call for a look; empty when there is none.';
