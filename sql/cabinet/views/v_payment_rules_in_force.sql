-- grain: one row per rule version that decides on some date
-- requires: none
-- A closed version keeps its own dates; a withdrawn one (inactive and never closed) has none.
-- Where versions of one rule overlap, the later valid_from decides, then the higher id; in_force holds what is left.
create or replace view ops.v_payment_rules_in_force as
with versions as (
  select
    'partner' as rule_scope, id as rule_id, origin_tag, 'trips'::ops.rule_milestone_type as milestone_type,
    milestone_trips, window_days, amount, currency, valid_from, valid_to
  from ops.partner_payment_rules
  where is_active or valid_to is not null
  union all
  select
    'scout', id, origin_tag, milestone_type,
    milestone_trips, window_days, amount, currency, valid_from, valid_to
  from ops.scout_payment_rules
  where is_active or valid_to is not null
)
select
  v.rule_scope, v.rule_id, v.origin_tag, v.milestone_type,
  v.milestone_trips, v.window_days, v.amount, v.currency, v.valid_from, v.valid_to,
  datemultirange(daterange(v.valid_from, v.valid_to, '[]')) - coalesce(later.dates, '{}') as in_force
from versions v
cross join lateral (
  select range_agg(daterange(w.valid_from, w.valid_to, '[]')) as dates
  from versions w
  where w.rule_scope = v.rule_scope and w.origin_tag = v.origin_tag and w.milestone_type = v.milestone_type
    and w.milestone_trips = v.milestone_trips and w.window_days = v.window_days
    and (w.valid_from, w.rule_id) > (v.valid_from, v.rule_id)
) later;

comment on view ops.v_payment_rules_in_force is 'Which version of each rule, of both scopes, decides on which dates.';
comment on column ops.v_payment_rules_in_force.rule_id is 'Unique within rule_scope only: partner and scout rules have ids of their own.';
comment on column ops.v_payment_rules_in_force.in_force is
  'The dates on which this version decides.';
