-- grain: one row per scout
-- requires: none
create or replace view ops.v_dim_scouts as
select
  scout_id,
  coalesce(raw_name, name, 'Scout ' || scout_id) as raw_name,
  coalesce(name, raw_name, 'Scout ' || scout_id) as scout_name_normalized,
  coalesce(is_active, true) as is_active
from public.module_ct_scouts_list;

comment on view ops.v_dim_scouts is 'The scouts with a name each.';
