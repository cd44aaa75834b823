-- grain: one row per claim that names no driver
-- requires: none
-- Only a claim brought in from before can be one: a job's must have a driver, and every claim has its person.
create or replace view ops.check_cabinet_claims_without_driver as
select
  format('claim:%s', claim_id) as subject,
  'el reclamo no tiene conductor' as detail,
  jsonb_build_object('claim_id', claim_id, 'person_key', person_key, 'lead_date', lead_date, 'milestone', milestone, 'status', status) as evidence
from canon.claims_yango_cabinet_14d
where driver_id is null;

comment on view ops.check_cabinet_claims_without_driver is 'Every claim names the driver who made the trips.';
