-- grain: one value per milestone and kind of amount, and per kind over all milestones
-- requires: ops.mv_yango_cabinet_cobranza_enriched_14d
create or replace view ops.check_cabinet_financial_totals as
select v.subject, coalesce(v.value, 0.00) as value, jsonb_build_object('drivers', v.drivers) as evidence
from (
  select
    count(*) as drivers,
    count(*) filter (where expected_amount_m1 > 0) as m1, count(*) filter (where expected_amount_m5 > 0) as m5,
    count(*) filter (where expected_amount_m25 > 0) as m25,
    sum(expected_amount_m1) as expected_m1, sum(expected_amount_m5) as expected_m5, sum(expected_amount_m25) as expected_m25,
    sum(paid_amount_m1) as paid_m1, sum(paid_amount_m5) as paid_m5, sum(paid_amount_m25) as paid_m25,
    count(*) filter (where claim_m1_paid) as paid_by_m1, count(*) filter (where claim_m5_paid) as paid_by_m5,
    count(*) filter (where claim_m25_paid) as paid_by_m25,
    sum(expected_total_yango) as expected, sum(total_paid_yango) as paid, sum(amount_due_yango) as due, sum(amount_overpaid) as overpaid,
    count(*) filter (where amount_due_yango > 0) as with_debt, sum(amount_due_yango) filter (where amount_due_yango > 0) as debt
  from ops.mv_yango_cabinet_cobranza_enriched_14d
) t
cross join lateral (values
  ('expected M1', t.expected_m1, t.m1), ('expected M5', t.expected_m5, t.m5), ('expected M25', t.expected_m25, t.m25),
  ('paid M1', t.paid_m1, t.paid_by_m1), ('paid M5', t.paid_m5, t.paid_by_m5), ('paid M25', t.paid_m25, t.paid_by_m25),
  ('expected', t.expected, t.drivers), ('paid', t.paid, t.drivers), ('due', t.due, t.drivers), ('overpaid', t.overpaid, t.drivers),
  ('debt', t.debt, t.with_debt)
) v (subject, value, drivers);

comment on view ops.check_cabinet_financial_totals is
  'Soles expected and paid, by milestone and over all; due is the difference, debt what of it is owed to us, overpaid what of it is not.';
