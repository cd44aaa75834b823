-- grain: one row
-- requires: ops.as_of
-- The jobs report these figures and cannot read the rows behind them, which hold names.
create or replace view ops.v_yango_payment_source_counts as
select
  count(*)::integer as source_rows,
  (count(*) filter (where coalesce(p.driver, '') !~ '\S' and coalesce(p.driver_id, '') = ''))::integer as rows_without_name
from public.module_ct_cabinet_payments p
where p.date is null or p.date <= (select coalesce(ops.as_of(), 'infinity'));

comment on view ops.v_yango_payment_source_counts is 'How many rows the payer''s table has, and how many of them name neither a driver nor a person.';
