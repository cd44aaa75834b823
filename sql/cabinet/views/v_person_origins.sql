-- grain: one row per person and origin_tag
-- requires: observational.v_lead_events, canon.v_person_driver
-- Day zero of a person in a channel is the first event there, and that event need not be a lead's.
create or replace view observational.v_person_origins as
select
  o.person_key,
  o.origin_tag,
  o.lead_date,
  migration.scout_id,
  d.driver_id,
  coalesce(d.quarantined, false) as driver_quarantined
from (
  select person_key, origin_tag, min(event_date) as lead_date
  from observational.v_lead_events
  where person_key is not null
  group by person_key, origin_tag
) o
left join (
  select distinct on (person_key) person_key, scout_id
  from observational.v_lead_events
  where origin_tag = 'fleet_migration' and person_key is not null
  order by person_key, event_date desc, created_at desc, event_id desc
) migration on migration.person_key = o.person_key and o.origin_tag = 'fleet_migration'
left join canon.v_person_driver d on d.person_key = o.person_key;

comment on view observational.v_person_origins is 'When each person first appeared in each channel, and the driver that the person resolves to.';
comment on column observational.v_person_origins.scout_id is 'Scout of the latest event; only for fleet_migration.';
