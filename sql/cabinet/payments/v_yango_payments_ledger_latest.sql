-- grain: one row per payment
-- requires: ops.as_of
create or replace view ops.v_yango_payments_ledger_latest as
select *
from (
  select distinct on (payment_key)
    id, snapshot_at as latest_snapshot_at, source_table, source_pk, pay_date, pay_time, raw_driver_name, driver_name_normalized,
    milestone_type, milestone_value, is_paid, paid_flag_source, driver_id, person_key, match_rule, match_confidence,
    payment_key, revision, state_hash, created_at
  from ops.yango_payment_status_ledger
  order by payment_key, revision desc
) latest
where pay_date is null or pay_date <= (select coalesce(ops.as_of(), 'infinity'));

comment on view ops.v_yango_payments_ledger_latest is 'The state in which each payment was seen last.';
