-- grain: one row per given lead
-- requires: canon.judge_cabinet_leads, canon.refresh_drivers_index
-- For dry runs, which may not bring the index up to date and have to judge as if it were: the subtransaction is rolled
-- back, and the rows that it returned stay returned.
create or replace function canon.foresee_cabinet_leads(p_lead_ids integer[], p_target_park text)
  returns table (
    lead_id integer, outcome text, reason text, rule text, score integer, confidence canon.confidence_level,
    driver_id text, person_key uuid, person_from text, link_driver boolean, rules jsonb)
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
  perform canon.refresh_drivers_index();
  return query select * from canon.judge_cabinet_leads(p_lead_ids, p_target_park);
  raise exception 'take it back' using errcode = 'CU000';
exception when sqlstate 'CU000' then
  return;
end
$$;

comment on function canon.foresee_cabinet_leads(integer[], text) is 'canon.judge_cabinet_leads as it would judge after canon.refresh_drivers_index; changes nothing.';
