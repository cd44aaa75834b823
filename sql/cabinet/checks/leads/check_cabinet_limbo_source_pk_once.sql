-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
-- The source's unique index covers external_id alone: one that equals another lead's id shows here.
create or replace function ops.check_cabinet_limbo_source_pk_once(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case when c.in_limbo and c.same_source_pk > 1 then format('%s filas con el source_pk %s', c.same_source_pk, c.lead_source_pk) end;

comment on function ops.check_cabinet_limbo_source_pk_once is 'A lead_source_pk is one row of limbo.';
