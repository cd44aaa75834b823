-- grain: one row per identity link or unmatched row, made since the leads job first ran, that names no run
-- requires: none
-- Links brought in from before name none; whatever is made later and names none was not made by a job.
create or replace view ops.check_cabinet_links_have_run as
with first_run as materialized (
  select min(started_at) as at from ops.job_runs where job = 'cabinet.leads-reconcile' and status = 'succeeded'
)
select
  format('link:%s/%s', source_table, source_pk) as subject,
  'el vínculo no dice qué corrida lo hizo' as detail,
  jsonb_build_object('link_id', id, 'source_table', source_table, 'source_pk', source_pk, 'linked_at', linked_at, 'match_rule', match_rule) as evidence
from canon.identity_links
where job_run_id is null and run_id is null and linked_at > (select at from first_run)
union all
select
  format('unmatched:%s/%s', source_table, source_pk),
  'la fila sin vínculo no dice qué corrida la juzgó',
  jsonb_build_object('unmatched_id', id, 'source_table', source_table, 'source_pk', source_pk, 'created_at', created_at, 'reason', reason_code)
from canon.identity_unmatched
where job_run_id is null and created_at > (select at from first_run);

comment on view ops.check_cabinet_links_have_run is 'Every link and every unmatched row since the leads job began names its run.';
