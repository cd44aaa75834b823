-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_no_identity_with_person(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case when c.limbo_stage = 'NO_IDENTITY' and c.person_key is not null then 'NO_IDENTITY con persona' end;

comment on function ops.check_cabinet_limbo_no_identity_with_person is 'L3: NO_IDENTITY has no person.';
