-- grain: one row per person whom the sources give to more than one scout
-- requires: ops.v_scout_attribution_raw
create or replace view ops.v_scout_attribution_conflicts as
select
  person_key,
  count(distinct scout_id)::integer as distinct_scout_count,
  array_agg(distinct scout_id order by scout_id) as scout_ids,
  array_agg(distinct source_table order by source_table) as source_tables,
  array_agg(distinct origin_tag order by origin_tag) filter (where origin_tag is not null) as origin_tags,
  min(attribution_date) as first_attribution_date,
  max(attribution_date) as last_attribution_date,
  min(created_at) as first_created_at,
  max(created_at) as last_created_at,
  count(*)::integer as total_records,
  jsonb_agg(
    jsonb_build_object('scout_id', scout_id, 'source_table', source_table, 'source_pk', source_pk,
                       'attribution_date', attribution_date, 'priority', priority)
    order by priority, attribution_date desc nulls last, scout_id, source_pk
  ) as conflict_details
from ops.v_scout_attribution_raw
where person_key is not null
group by person_key
having count(distinct scout_id) > 1;

comment on view ops.v_scout_attribution_conflicts is 'Persons claimed by several scouts, over all sources, with every row that says so.';
