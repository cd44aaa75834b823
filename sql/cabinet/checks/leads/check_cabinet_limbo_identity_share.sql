-- grain: one value per lead: the class it counts in, NULL for none
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_identity_share(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case when c.person_key is null then 'WITHOUT_IDENTITY' else 'WITH_IDENTITY' end;

comment on function ops.check_cabinet_limbo_identity_share is 'Share of leads with and without identity.';
