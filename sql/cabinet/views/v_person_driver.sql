-- grain: one row per person that has a driver
-- requires: none
-- The one answer to "which driver is this person": the latest link, then the smallest driver_id.
-- Quarantine is looked up in a hashed set and not joined: a join invites the planner to scan it once per person.
create or replace view canon.v_person_driver as
select
  d.person_key,
  d.driver_id,
  d.driver_id in (
    select driver_id from canon.driver_orphan_quarantine where status = 'quarantined'
  ) as quarantined
from (
  select distinct on (person_key) person_key, source_pk as driver_id
  from canon.identity_links
  where source_table = 'drivers'
  order by person_key, linked_at desc nulls last, source_pk
) d;

comment on view canon.v_person_driver is 'The driver that a person resolves to, and whether that driver is in quarantine.';
