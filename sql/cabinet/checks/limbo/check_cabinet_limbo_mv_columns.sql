-- grain: one row per column that limbo as kept and its view do not share, by place, name and type
-- requires: ops.v_cabinet_limbo_standing, ops.mv_cabinet_limbo
create or replace view ops.check_cabinet_limbo_mv_columns as
select
  format('column:%s', coalesce(mv.place, live.place)) as subject,
  format('la vista materializada tiene %s y su vista %s', coalesce(mv.what, 'ninguna'), coalesce(live.what, 'ninguna')) as detail,
  jsonb_build_object('place', coalesce(mv.place, live.place), 'materialized', mv.what, 'live', live.what) as evidence
from (
  select row_number() over (order by attnum) as place, attname || ' ' || format_type(atttypid, atttypmod) as what
  from pg_attribute
  where attrelid = 'ops.mv_cabinet_limbo'::regclass and attnum > 0 and not attisdropped
) mv
full join (
  select row_number() over (order by attnum) as place, attname || ' ' || format_type(atttypid, atttypmod) as what
  from pg_attribute
  where attrelid = 'ops.v_cabinet_limbo_standing'::regclass and attnum > 0 and not attisdropped
) live on live.place = mv.place
where mv.what is distinct from live.what;

comment on view ops.check_cabinet_limbo_mv_columns is 'Limbo as kept has its view''s columns, in their order and with their types.';
