-- grain: one value per source, the rows of it that name a scout
-- requires: ops.v_scout_attribution_raw
create or replace view ops.check_cabinet_scout_source_rows as
select source_table as subject, count(*) as value, jsonb_build_object('with_person', count(person_key)) as evidence
from ops.v_scout_attribution_raw
group by source_table;

comment on view ops.check_cabinet_scout_source_rows is 'How many rows of each source name a scout, payments of the cabinet among them.';
