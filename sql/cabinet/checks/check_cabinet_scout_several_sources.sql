-- grain: one value, the number of sources that persons' scouts come from
-- requires: ops.v_scout_attribution
create or replace view ops.check_cabinet_scout_several_sources as
select
  'total' as subject,
  count(*) as value,
  coalesce(jsonb_object_agg(source_table, persons), '{}') as evidence
from (select source_table, count(*) as persons from ops.v_scout_attribution group by source_table) s;

comment on view ops.check_cabinet_scout_several_sources is 'Scouts are known from more than one source: from one alone, the others stopped arriving.';
