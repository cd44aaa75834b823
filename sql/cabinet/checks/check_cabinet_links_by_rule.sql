-- grain: one value per rule, the links that it made
-- requires: none
create or replace view ops.check_cabinet_links_by_rule as
select
  concat_ws(' ', source_table, coalesce(match_rule, 'none')) as subject,
  count(*) as value,
  jsonb_build_object('by_jobs', count(job_run_id)) as evidence
from canon.identity_links
group by source_table, match_rule;

comment on view ops.check_cabinet_links_by_rule is 'Identity links by table and rule, those brought in from before included.';
