-- grain: one row
-- requires: public.module_ct_cabinet_leads, observational.lead_events, canon.identity_links
-- The day of the last lead is not over when its file is made, so the next file should begin with that day, not after it.
create or replace view ops.v_cabinet_leads_diagnostics as
select
  leads.table_row_count, leads.max_lead_date_in_table, events.max_event_date_in_lead_events, links.max_snapshot_date_in_identity_links,
  leads.max_lead_date_in_table as recommended_start_date, leads.processed_external_ids_count
from (
  select count(*) as table_row_count, max(l.lead_created_at)::date as max_lead_date_in_table,
         count(*) filter (where l.external_id <> '' and (
           exists (select from canon.identity_links i where i.source_table = 'module_ct_cabinet_leads' and i.source_pk = l.external_id)
           or exists (select from observational.lead_events e where e.source_table = 'module_ct_cabinet_leads' and e.source_pk = l.external_id)
         )) as processed_external_ids_count
  from public.module_ct_cabinet_leads l
) leads
cross join (
  select max(e.event_date) as max_event_date_in_lead_events from observational.lead_events e where e.source_table = 'module_ct_cabinet_leads'
) events
cross join (
  select max(i.snapshot_date)::date as max_snapshot_date_in_identity_links from canon.identity_links i where i.source_table = 'module_ct_cabinet_leads'
) links;

comment on view ops.v_cabinet_leads_diagnostics is 'How far the leads reach: in their table, in the events and in the identities.';
