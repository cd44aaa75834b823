-- grain: one row per driver whose row in the index is missing, out of date, or one too many
-- requires: public.drivers, canon.drivers_index, canon.normaliser_version
-- By a digest and not column by column: only what changed is normalised. The upstream has no time of change.
create or replace view canon.v_drivers_index_changes as
select
  coalesce(d.driver_id, i.driver_id) as driver_id,
  case when i.driver_id is null then 'INSERT' when d.driver_id is null then 'DELETE' else 'UPDATE' end as change,
  d.source_digest
from (
  select
    driver_id,
    hash_record_extended(row(
      canon.normaliser_version(), park_id, full_name, first_name, middle_name, last_name, phone, hire_date,
      car_brand, car_model, car_number, car_normalized_number, license_number, license_normalized_number
    ), 0) as source_digest
  from public.drivers
) d
full join canon.drivers_index i on i.driver_id = d.driver_id
where d.source_digest is distinct from i.source_digest;

comment on view canon.v_drivers_index_changes is 'What canon.refresh_drivers_index would do.';
