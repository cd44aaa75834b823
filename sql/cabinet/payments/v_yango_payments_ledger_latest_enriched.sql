-- grain: one row per payment
-- requires: ops.v_yango_payments_ledger_latest
-- Where a driver came from is told as it was recorded: one found by name is `enriched`, however often it is found again.
create or replace view ops.v_yango_payments_ledger_latest_enriched as
select
  l.id, l.latest_snapshot_at, l.source_table, l.source_pk, l.pay_date, l.pay_time, l.raw_driver_name, l.driver_name_normalized,
  l.milestone_type, l.milestone_value, l.is_paid, l.paid_flag_source, l.payment_key, l.revision, l.state_hash, l.created_at,
  said.driver_id as driver_id_original,
  l.person_key as person_key_original,
  case when l.match_rule = 'driver_name_unique' then l.driver_id end as driver_id_enriched,
  l.driver_id as driver_id_final,
  coalesce(l.person_key, link.person_key) as person_key_final,
  case l.match_rule when 'driver_id_direct' then 'confirmed' when 'driver_name_unique' then 'enriched' else 'ambiguous' end as identity_status,
  case l.match_rule when 'driver_id_direct' then 'source_upstream' when 'driver_name_unique' then 'name_unique' else 'ambiguous' end as match_rule,
  case l.match_rule when 'driver_id_direct' then 'high' when 'driver_name_unique' then 'medium' else 'low' end as match_confidence,
  l.match_rule = 'driver_name_unique' as identity_enriched
from ops.v_yango_payments_ledger_latest l
left join canon.identity_links link on link.source_table = 'drivers' and link.source_pk = l.driver_id
left join lateral (
  select s.driver_id
  from ops.yango_payment_status_ledger s
  where s.payment_key = l.payment_key and s.match_rule = 'driver_id_direct'
  order by s.revision desc
  limit 1
) said on true;

comment on view ops.v_yango_payments_ledger_latest_enriched is 'Each payment with its driver, its person, and how they are known.';
comment on column ops.v_yango_payments_ledger_latest_enriched.driver_id_original is 'The driver that the payer named last, also where it names none any more.';
comment on column ops.v_yango_payments_ledger_latest_enriched.driver_id_enriched is 'The only driver of that name, where the payer names none.';
comment on column ops.v_yango_payments_ledger_latest_enriched.person_key_final is 'The payer''s own, else the person linked to the driver today.';
