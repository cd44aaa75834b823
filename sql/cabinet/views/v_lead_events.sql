-- grain: one row per event
-- requires: ops.as_of
-- Through which channel each event came: its own word, else its table's, else the ledger's.
create or replace view observational.v_lead_events as
select
  e.id as event_id,
  e.source_table,
  e.source_pk,
  e.event_date,
  e.person_key,
  e.scout_id,
  e.created_at,
  coalesce(
    e.payload_json ->> 'origin_tag',
    case e.source_table
      when 'module_ct_migrations' then 'fleet_migration'
      when 'module_ct_cabinet_leads' then 'cabinet'
      when 'module_ct_scouting_daily' then 'cabinet'
    end,
    ledger.attributed_source,
    'unknown'
  ) as origin_tag
from observational.lead_events e
left join observational.lead_ledger ledger on ledger.person_key = e.person_key
where e.event_date <= (select coalesce(ops.as_of(), 'infinity'));

comment on view observational.v_lead_events is 'Each event with the channel it came through (origin_tag).';
