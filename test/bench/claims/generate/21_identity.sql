-- grain: one row per person, per link of a lead or driver to its person, and per driver in quarantine
-- The links' foreign key holds by construction; checking it row by row would take longer than the rest.
set local session_replication_role = replica;

insert into canon.identity_registry (person_key, created_at, updated_at, confidence_level, primary_full_name)
select person_key, first_date, first_date, 'HIGH', 'De Prueba Persona ' || person_no
from bench.person
order by person_no;

insert into canon.identity_links (
  person_key, source_table, source_pk, snapshot_date, match_rule, match_score, confidence_level, evidence, linked_at)
select
  person_key, source_table, source_pk, linked_at, match_rule, 95, 'HIGH', jsonb_build_object('rule', match_rule), linked_at
from (
  select p.person_key, 'module_ct_cabinet_leads' as source_table, l.source_pk, 'R1_PHONE_EXACT' as match_rule,
         l.created_at at time zone 'UTC' as linked_at, l.lead_date as happened_on
  from bench.lead l join bench.person p using (person_no)
  where l.known
  union all
  select person_key, 'drivers', driver_id, 'DRIVER_MATCH', linked_at, first_day
  from bench.driver
) l
order by happened_on;

insert into canon.driver_orphan_quarantine (driver_id, person_key, detected_at, detected_reason, evidence_json)
select driver_id, person_key, first_day, 'legacy_driver_without_origin', '{}'
from bench.driver
where quarantined;
