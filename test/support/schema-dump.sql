-- grain: one line of text per fact about the schema, in an order of its own; the same on PostgreSQL 15 and 18
-- Facts and not definitions: what a view computes is read in its file, and 16 began to print it differently.
-- Owners hold every right, so only other roles' rights are listed; not null is a column's, since 18 also a constraint.
create or replace function pg_temp.schema_dump() returns setof text
  language sql
as $dump$
with scope as (
  select oid, nspname from pg_namespace where nspname in ('canon', 'ops', 'observational')
), relation as (
  select c.oid, c.relkind, c.reloptions, c.relowner, c.relacl, n.nspname || '.' || c.relname as name,
         case c.relkind when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' when 'm' then 'materialized view'
                        when 'S' then 'sequence' else c.relkind::text end as kind
  from pg_class c join scope n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm')
     or (c.relkind = 'S' and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i')))
), rights as (
  select oid, grantee, string_agg(privilege, ', ' order by privilege) as list
  from (
    select oid, coalesce(nullif(pg_get_userbyid(acl.grantee), 'unknown (OID=0)'), 'public') as grantee,
           lower(acl.privilege_type) as privilege
    from (
      select oid, relacl as acl, relowner as owner from relation
      union all
      select oid, nspacl, nspowner from pg_namespace
      union all
      select oid, coalesce(proacl, acldefault('f', proowner)), proowner from pg_proc
      union all
      select oid, relacl, relowner from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
    ) granted
    cross join lateral aclexplode(granted.acl) acl
    where acl.grantee <> granted.owner
  ) named
  group by oid, grantee
), fact(section, subject, rank, key, line) as (
  select 1, rolname, 0, '', format('role %s%s', rolname, case when rolcanlogin then ' login' else '' end)
  from pg_roles where rolname like 'cuadre\_%'
  union all
  select 1, rolname, 1, setting, format('  set %s', setting)
  from pg_roles, unnest(rolconfig) as setting where rolname like 'cuadre\_%'

  union all
  select 2, nspname, 0, '', format('schema %s', nspname) from scope
  union all
  select 2, n.nspname, 1, r.grantee, format('  grant %s to %s', r.list, r.grantee) from scope n join rights r using (oid)

  union all
  select 3, n.nspname || '.' || t.typname, 0, '',
         format('enum %s.%s: %s', n.nspname, t.typname,
                (select string_agg(enumlabel, ', ' order by enumsortorder) from pg_enum e where e.enumtypid = t.oid))
  from pg_type t join scope n on n.oid = t.typnamespace where t.typtype = 'e'
  union all
  select 3, n.nspname || '.' || t.typname, 0, '',
         format('domain %s.%s: %s %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod),
                (select string_agg(pg_get_constraintdef(c.oid), ' ' order by c.conname)
                 from pg_constraint c where c.contypid = t.oid and c.contype = 'c'))
  from pg_type t join scope n on n.oid = t.typnamespace where t.typtype = 'd'

  union all
  select 4, name, 0, '', format('%s %s%s', kind, name, ' with (' || array_to_string(reloptions, ', ') || ')') from relation
  union all
  select 4, r.name, 1, '', '  -- ' || obj_description(r.oid, 'pg_class')
  from relation r where obj_description(r.oid, 'pg_class') is not null
  union all
  select 4, r.name, 2, to_char(a.attnum, 'FM0000'),
         concat_ws(' ', ' ', a.attname, format_type(a.atttypid, a.atttypmod),
                   case when a.attcollation not in (0, t.typcollation) then 'collate ' || c.collname end,
                   case when a.attnotnull then 'not null' end,
                   case when a.attgenerated <> '' then 'generated as ' || pg_get_expr(d.adbin, d.adrelid)
                        else 'default ' || pg_get_expr(d.adbin, d.adrelid) end,
                   case a.attidentity when 'a' then 'identity always' when 'd' then 'identity by default' end,
                   '-- ' || col_description(r.oid, a.attnum))
  from relation r
  join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped and r.relkind <> 'S'
  join pg_type t on t.oid = a.atttypid
  left join pg_collation c on c.oid = a.attcollation
  left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
  union all
  select 4, r.name, 3, c.contype::text || c.conname, format('  constraint %s %s', c.conname, pg_get_constraintdef(c.oid))
  from relation r join pg_constraint c on c.conrelid = r.oid and c.contype <> 'n' and c.contype <> 't'
  union all
  select 4, r.name, 4, i.indexrelid::regclass::text, '  ' || pg_get_indexdef(i.indexrelid)
  from relation r join pg_index i on i.indrelid = r.oid
  where not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x'))
  union all
  select 4, r.name, 5, t.tgname, '  ' || pg_get_triggerdef(t.oid)
  from relation r join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
  union all
  select distinct 4, r.name, 6, d.refobjid::regclass::text, format('  reads %s', d.refobjid::regclass)
  from relation r
  join pg_rewrite w on w.ev_class = r.oid
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                  and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.oid
  union all
  select 4, r.name, 7, g.grantee, format('  grant %s to %s', g.list, g.grantee) from relation r join rights g using (oid)
  union all
  select 4, r.name, 8, a.attname || acl.grantee,
         format('  grant %s (%s) to %s', lower(acl.privilege_type), a.attname, pg_get_userbyid(acl.grantee))
  from relation r join pg_attribute a on a.attrelid = r.oid cross join lateral aclexplode(a.attacl) acl

  union all
  select 5, p.oid::regprocedure::text, 0, '',
         concat_ws(' ', case p.prokind when 'p' then 'procedure' else 'function' end,
                   format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_arguments(p.oid)),
                   'returns ' || pg_get_function_result(p.oid), l.lanname,
                   case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
                   case when p.prosecdef then 'security definer' end,
                   'set ' || array_to_string(p.proconfig, ', '))
  from pg_proc p join scope n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
  union all
  select 5, p.oid::regprocedure::text, 1, '', '  -- ' || obj_description(p.oid, 'pg_proc')
  from pg_proc p join scope n on n.oid = p.pronamespace where obj_description(p.oid, 'pg_proc') is not null
  union all
  select 5, p.oid::regprocedure::text, 2, g.grantee, format('  grant %s to %s', g.list, g.grantee)
  from pg_proc p join scope n on n.oid = p.pronamespace join rights g on g.oid = p.oid

  union all
  select 6, c.relname, 0, g.grantee, format('upstream public.%s: grant %s to %s', c.relname, g.list, g.grantee)
  from pg_class c join rights g using (oid)
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and g.grantee like 'cuadre\_%'
)
select case when rank = 0 and section in (4, 5) then E'\n' else '' end || line
from fact
order by section, subject collate "C", rank, key collate "C", line collate "C"
$dump$;
