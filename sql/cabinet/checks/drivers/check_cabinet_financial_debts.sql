-- grain: one value per driver: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_drivers
create or replace function ops.check_cabinet_financial_debts(c ops.v_cabinet_checked_drivers) returns text
  language sql stable
  return case when c.amount_due_yango > 0 then format('S/ %s por cobrar', c.amount_due_yango) end;

comment on function ops.check_cabinet_financial_debts is 'Drivers for whom something is due, the largest first.';
