-- grain: one row when there is no gap at all, none otherwise
-- requires: ops.v_cabinet_claims_gap_14d
create or replace view ops.check_cabinet_gap_is_empty as
select
  'claims-gap' as subject,
  'no hay ninguna brecha abierta: confirmar que los viajes y los leads llegaron' as detail,
  jsonb_build_object('gaps', 0) as evidence
where not exists (select expected_amount from ops.v_cabinet_claims_gap_14d);

comment on view ops.check_cabinet_gap_is_empty is 'G2: the gap can be read; empty is worth a look.';
