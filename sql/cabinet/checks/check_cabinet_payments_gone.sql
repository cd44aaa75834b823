-- grain: one row per payment in the ledger that the payer does not show any more
-- requires: ops.v_yango_payments_ledger_latest, ops.v_yango_payments_raw_current
-- It stays paid: a payment once recognised is accepted. That its row or its flag went is worth a question to the payer.
create or replace view ops.check_cabinet_payments_gone as
select
  format('payment:%s/M%s', l.source_pk, l.milestone_value) as subject,
  'el pago está en el libro y el upstream ya no lo muestra; sigue contando' as detail,
  jsonb_build_object('source_pk', l.source_pk, 'milestone', l.milestone_value, 'is_paid', l.is_paid, 'pay_date', l.pay_date,
                     'driver_id', l.driver_id) as evidence
from ops.v_yango_payments_ledger_latest l
left join ops.v_yango_payments_raw_current c on c.payment_key = l.payment_key
where c.payment_key is null;

comment on view ops.check_cabinet_payments_gone is 'What the ledger has of the payer, the payer still shows.';
