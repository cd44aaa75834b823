-- grain: one row per materialized view of ours
-- requires: none
-- Read from the catalog and not from a list: a view somebody adds is refreshed, in its place, without being named anywhere.
-- What counts as ready is what REFRESH CONCURRENTLY asks for: rows, and a valid unique index over plain columns and all rows.
create or replace view ops.v_materialized_views as
with recursive ours as (
  select c.oid, n.nspname, c.relname, c.relispopulated
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'm' and n.nspname in ('canon', 'observational', 'ops')
), reads as (
  select oid as mv, oid as relation from ours
  union
  select reads.mv, d.refobjid
  from reads
  join pg_rewrite r on r.ev_class = reads.relation
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
  where d.refobjid <> reads.relation
    -- Another materialized view is read as it stands; what it stands on is its own affair.
    and (reads.relation = reads.mv or reads.relation not in (select oid from ours))
), needs as (
  select reads.mv, reads.relation as needed from reads join ours on ours.oid = reads.relation where reads.relation <> reads.mv
), depth as (
  select oid as mv, 1 as level from ours
  union
  select needs.mv, depth.level + 1 from depth join needs on needs.needed = depth.mv
), unique_index as (
  select
    i.indrelid as mv,
    bool_or(i.indisvalid) as any_valid
  from pg_index i
  where i.indisunique and i.indpred is null and i.indexprs is null
  group by i.indrelid
)
select
  o.nspname::text as schema_name,
  o.relname::text as mv_name,
  (select max(level) from depth where depth.mv = o.oid) as level,
  array(
    select n.nspname || '.' || n.relname
    from needs join ours n on n.oid = needs.needed
    where needs.mv = o.oid
    order by 1
  ) as needs,
  case
    when not o.relispopulated then 'NOT_POPULATED'
    when u.mv is null then 'NO_UNIQUE_INDEX'
    when not u.any_valid then 'INDEX_INVALID'
  end as not_ready
from ours o
left join unique_index u on u.mv = o.oid;

comment on view ops.v_materialized_views is 'The materialized views in the order in which they have to be refreshed (level), and whether readers can go on meanwhile.';
comment on column ops.v_materialized_views.not_ready is 'Why it cannot be refreshed concurrently; NULL when it can.';
comment on column ops.v_materialized_views.needs is 'Materialized views that it reads, through whatever views. Not through functions: the catalog does not know what those read.';
