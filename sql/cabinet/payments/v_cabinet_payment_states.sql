-- grain: one row per state in which a payment was seen
-- requires: ops.as_of
-- How each payment came to be what it is, without its names: that one was corrected shows in name_corrected.
create or replace view ops.v_cabinet_payment_states as
select
  payment_key, revision, snapshot_at, milestone_value, is_paid, pay_date, driver_id, match_rule::text as match_rule,
  raw_driver_name <> lag(raw_driver_name, 1, raw_driver_name) over (partition by payment_key order by revision) as name_corrected
from ops.yango_payment_status_ledger
where pay_date is null or pay_date <= (select coalesce(ops.as_of(), 'infinity'));

comment on view ops.v_cabinet_payment_states is 'Every state of every payment: flags that went and came back, dates and names corrected, drivers found.';
