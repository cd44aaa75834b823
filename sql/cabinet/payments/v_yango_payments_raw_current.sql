-- grain: one row per payment of the upstream and milestone flag that is not NULL
-- requires: ops.name_token_key, ops.v_driver_of_name, ops.as_of
-- What the payer says today. Its own driver_id counts; only where it gives none, the only driver of that name.
-- A row with neither a name nor a driver can be nobody's, and is not a payment yet.
create or replace view ops.v_yango_payments_raw_current as
-- Materialized for the same reason as the drivers' names: a key is worked out once.
with source as materialized (
  select
    p.id::text as source_pk, p.date as pay_date, p.time as pay_time,
    coalesce(p.driver, '') as raw_driver_name, ops.name_token_key(coalesce(p.driver, '')) as driver_name_normalized,
    nullif(p.driver_id, '') as source_driver_id, p.person_key, p.trip_1, p.trip_5, p.trip_25
  from public.module_ct_cabinet_payments p
  where (p.driver ~ '\S' or p.driver_id <> '')
    and (p.date is null or p.date <= (select coalesce(ops.as_of(), 'infinity')))
)
select
  'module_ct_cabinet_payments' as source_table,
  s.source_pk,
  s.pay_date,
  s.pay_time,
  s.raw_driver_name,
  s.driver_name_normalized,
  m.milestone_value,
  m.is_paid,
  coalesce(s.source_driver_id, named.driver_id) as driver_id,
  s.person_key,
  case when s.source_driver_id is not null then 'driver_id_direct' when named.driver_id is not null then 'driver_name_unique' else 'none'
    end::ops.payment_match_rule as match_rule,
  md5('module_ct_cabinet_payments|' || s.source_pk || '|' || m.milestone_value::text) as payment_key
from source s
cross join lateral (values (1, s.trip_1), (5, s.trip_5), (25, s.trip_25)) m (milestone_value, is_paid)
left join ops.v_driver_of_name named on named.name_key = s.driver_name_normalized and s.source_driver_id is null
where m.is_paid is not null;

comment on view ops.v_yango_payments_raw_current is 'What the payer says today, a row per milestone flag, with the driver that it means.';
