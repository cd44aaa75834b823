-- grain: one row per rule version under which a cabinet milestone is claimed on some date
-- requires: ops.v_payment_rules_in_force
-- A milestone is claimed once, under one version, whatever its window: of several the later valid_from, then the higher id.
create or replace view ops.v_cabinet_claim_rules as
with partner as (
  select milestone_trips as milestone, rule_id, window_days, amount, currency, valid_from, in_force
  from ops.v_payment_rules_in_force
  where rule_scope = 'partner' and origin_tag = 'cabinet'
)
select p.milestone, p.rule_id, p.window_days, p.amount, p.currency, p.in_force - coalesce(later.dates, '{}') as in_force
from partner p
cross join lateral (
  select range_agg(stretch) as dates
  from partner w
  cross join lateral unnest(w.in_force) stretch
  where w.milestone = p.milestone and (w.valid_from, w.rule_id) > (p.valid_from, p.rule_id)
) later;

comment on view ops.v_cabinet_claim_rules is 'The rule version under which a cabinet milestone is claimed, by lead date.';
