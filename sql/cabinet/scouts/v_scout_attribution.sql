-- grain: one row per person with a scout
-- requires: ops.v_scout_attribution_raw
create or replace view ops.v_scout_attribution as
select distinct on (person_key)
  person_key, driver_id, driver_license, driver_phone, scout_id, origin_tag, acquisition_method,
  source_table, source_pk, attribution_date, created_at, priority
from ops.v_scout_attribution_raw
where person_key is not null
order by person_key, priority, attribution_date desc nulls last, created_at desc nulls last, scout_id, source_pk collate "C";

comment on view ops.v_scout_attribution is
  'The scout credited with each person: of the first source that names one its latest word, then the smallest scout_id.';
