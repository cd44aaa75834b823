-- grain: one value per lead: what is wrong with it, NULL when nothing is
-- requires: ops.v_cabinet_checked_leads
create or replace function ops.check_cabinet_limbo_stage_known(c ops.v_cabinet_checked_leads) returns text
  language sql stable
  return case
    when c.in_limbo and c.limbo_stage in ('NO_IDENTITY', 'NO_DRIVER', 'NO_TRIPS_14D', 'TRIPS_NO_CLAIM', 'OK') is not true
    then format('etapa desconocida: %s', c.limbo_stage)
  end;

comment on function ops.check_cabinet_limbo_stage_known is 'Every lead stands at one of the five stages, so the stages add up to the leads.';
