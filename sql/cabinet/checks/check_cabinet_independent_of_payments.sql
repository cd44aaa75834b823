-- grain: one row per relation of payments, or column of when a claim was paid, that the expected claims or the gap depend on
-- requires: ops.v_cabinet_claims_expected_14d, ops.v_cabinet_claims_gap_14d
-- Structural, so that it holds whatever the data: a payment cannot change what is expected if nothing reads payments.
create or replace view ops.check_cabinet_independent_of_payments as
with recursive reads as (
  select v.oid as top, v.oid as relation, null::name as read_column
  from pg_class v
  where v.oid in ('ops.v_cabinet_claims_expected_14d'::regclass, 'ops.v_cabinet_claims_gap_14d'::regclass)
  union
  select reads.top, d.refobjid, a.attname
  from reads
  join pg_rewrite r on r.ev_class = reads.relation
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
  -- A column matters only where the relation itself is not one of payments.
  left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    and a.attrelid = 'canon.claims_yango_cabinet_14d'::regclass and a.attname = 'paid_at'
  where d.refobjid <> reads.relation
)
select
  top::regclass::text as subject,
  format('lee %s, que es de pagos', concat_ws('.', relation::regclass, read_column)) as detail,
  jsonb_build_object('relation', top::regclass::text, 'reads', relation::regclass::text, 'column', read_column) as evidence
from reads
where relation::regclass::text ~ '(module_ct_cabinet_payments|yango_payment)'
  or read_column = 'paid_at';

comment on view ops.check_cabinet_independent_of_payments is 'What is expected does not depend on what was paid.';
