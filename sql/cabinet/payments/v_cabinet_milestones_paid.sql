-- grain: one row per driver and milestone paid (layer C4)
-- requires: ops.v_yango_payments_ledger_latest_enriched
-- Of several payments the one of the latest known date: a payment without a date never hides one that has it.
create or replace view ops.v_cabinet_milestones_paid as
select distinct on (driver_id_final, milestone_value)
  driver_id_final as driver_id,
  person_key_final as person_key,
  milestone_value, pay_date, is_paid, payment_key, identity_status, match_rule, match_confidence,
  driver_id_original, driver_id_enriched, person_key_original, raw_driver_name, driver_name_normalized, latest_snapshot_at
from ops.v_yango_payments_ledger_latest_enriched
where is_paid and driver_id_final is not null
order by driver_id_final, milestone_value, pay_date desc nulls last, latest_snapshot_at desc, payment_key;

comment on view ops.v_cabinet_milestones_paid is 'PAID: the payer recognised the milestone. Accepted as it is, whatever the trips say.';
