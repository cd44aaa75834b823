-- grain: one row per identity link, undone ones included, and thing that stands on it
-- requires: canon.identity_links, canon.identity_link_undos, canon.claims_yango_cabinet_14d, observational.lead_events
-- For a lead: its claims and its event. For a driver: the person's claims with that driver, and the person's leads, whose
-- trips are that driver's. Undone: what was made on it and still is there, for somebody to put right.
create or replace view ops.v_identity_link_figures as
with link as (
  select source_table, source_pk, person_key, match_rule, job_run_id, null::bigint as undo_id, null::timestamptz as undone_at
  from canon.identity_links
  union all
  select source_table, source_pk, person_key, link ->> 'match_rule', (link ->> 'job_run_id')::uuid, undo_id, undone_at
  from canon.identity_link_undos
)
select
  l.source_table, l.source_pk, l.person_key, l.match_rule, l.job_run_id, l.undo_id, l.undone_at,
  f.figure, f.figure_id, f.lead_source_pk, f.lead_date, f.milestone, f.amount, f.status
from link l
cross join lateral (
  select 'CLAIM' as figure, c.claim_id::text as figure_id, c.lead_source_pk, c.lead_date, c.milestone,
         c.amount_expected as amount, c.status::text as status
  from canon.claims_yango_cabinet_14d c
  where c.person_key = l.person_key
    and case l.source_table when 'module_ct_cabinet_leads' then c.lead_source_pk = l.source_pk when 'drivers' then c.driver_id = l.source_pk end
  union all
  select 'EVENT', e.id::text, e.source_pk, e.event_date, null, null, e.payload_json ->> 'matched_by'
  from observational.lead_events e
  where e.source_table = l.source_table and e.source_pk = l.source_pk
    and (e.person_key = l.person_key or (e.payload_json ->> 'link_undo_id')::bigint = l.undo_id)
  union all
  select 'LEAD', o.source_pk, o.source_pk, o.snapshot_date::date, null, null, o.match_rule
  from canon.identity_links o
  where l.source_table = 'drivers' and o.source_table = 'module_ct_cabinet_leads' and o.person_key = l.person_key
) f;

comment on view ops.v_identity_link_figures is 'What stands on each identity link: claims with their amounts, events, leads. Filter by source_table and source_pk, or by undo_id.';
comment on column ops.v_identity_link_figures.amount is 'Soles; only of claims.';
