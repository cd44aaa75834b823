-- grain: one row, the leads that are not resolved on the business date, by how long they have been waiting
-- requires: ops.today, observational.v_lead_events
-- A day is a day of the calendar: a lead of yesterday has waited for one. The two ages do not overlap, so that no lead counts twice.
-- Not from ops.v_cabinet_lead_resolution, which would add up the trips of every lead.
create or replace view ops.v_identity_gap as
with lead as (
  select coalesce(nullif(external_id, ''), id::text) as lead_source_pk, ops.today() - lead_created_at::date as waited
  from public.module_ct_cabinet_leads
  where lead_created_at < (select ops.today() + 1)
), origin as (
  select source_pk, bool_or(origin_tag <> 'cabinet') as another
  from observational.v_lead_events
  where source_table = 'module_ct_cabinet_leads'
  group by source_pk
)
select
  count(*) filter (where link.person_key is null and waited between 1 and 6) as without_identity_1_to_6_days,
  count(*) filter (where (link.person_key is null or origin.source_pk is null) and waited >= 7) as unresolved_7_days,
  count(*) filter (where origin.another) as of_another_origin
from lead
left join canon.identity_links link on link.source_table = 'module_ct_cabinet_leads' and link.source_pk = lead.lead_source_pk
left join origin on origin.source_pk = lead.lead_source_pk;

comment on view ops.v_identity_gap is 'Leads without a person for 1 to 6 days, those without a person or an event for 7 or more, and those whose event names another channel.';
