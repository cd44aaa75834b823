-- grain: one row per payment whose state of today the ledger does not have
-- requires: ops.v_yango_payments_raw_current, ops.v_yango_payments_ledger_latest
-- What the payer changed since the ingestion waits for the next one; after that nothing may be left.
create or replace view ops.check_cabinet_payments_recorded as
select
  format('payment:%s/M%s', c.source_pk, c.milestone_value) as subject,
  case when l.payment_key is null then 'el pago no está en el libro' else 'el pago cambió y el libro no lo tiene' end
    || ': volver a ejecutar cabinet.payments-ingest' as detail,
  jsonb_build_object('source_pk', c.source_pk, 'milestone', c.milestone_value, 'is_paid', c.is_paid, 'pay_date', c.pay_date) as evidence
from ops.v_yango_payments_raw_current c
left join ops.v_yango_payments_ledger_latest l on l.payment_key = c.payment_key
where (c.is_paid, c.pay_date, c.pay_time, c.raw_driver_name, c.person_key)
      is distinct from (l.is_paid, l.pay_date, l.pay_time, l.raw_driver_name, l.person_key)
   or (c.match_rule = 'driver_id_direct' or l.match_rule = 'driver_id_direct')
      and (c.driver_id, c.match_rule) is distinct from (l.driver_id, l.match_rule)
   or c.match_rule = 'driver_name_unique' and l.match_rule = 'none';

comment on view ops.check_cabinet_payments_recorded is 'The ledger has what the payer says today.';
