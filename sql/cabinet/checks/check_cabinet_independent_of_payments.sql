-- grain: one row per relation of payments that the expected claims or the gap depend on
-- requires: ops.v_cabinet_claims_expected_14d, ops.v_cabinet_claims_gap_14d
-- Structural, so that it holds whatever the data: a payment cannot change what is expected if nothing reads payments.
create or replace view ops.check_cabinet_independent_of_payments as
with recursive reads as (
  select v.oid as top, v.oid as relation
  from pg_class v
  where v.oid in ('ops.v_cabinet_claims_expected_14d'::regclass, 'ops.v_cabinet_claims_gap_14d'::regclass)
  union
  select reads.top, d.refobjid
  from reads
  join pg_rewrite r on r.ev_class = reads.relation
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
  where d.refobjid <> reads.relation
)
select
  top::regclass::text as subject,
  format('lee %s, que es de pagos', relation::regclass) as detail,
  jsonb_build_object('relation', top::regclass::text, 'reads', relation::regclass::text) as evidence
from reads
where relation::regclass::text ~ '(module_ct_cabinet_payments|yango_payment)';

comment on view ops.check_cabinet_independent_of_payments is 'What is expected does not depend on what was paid.';
