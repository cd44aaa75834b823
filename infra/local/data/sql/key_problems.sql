-- grain: one row of a staged table that breaks a key or a check of the real one; at most p_limit rows for each rule
-- The rules are the catalog's own (unique indexes, foreign keys, checks) and the format's: a person_key is always
-- a person of canon.identity_registry. Keys into a table of the data set look at its file, others at the database.
create or replace function pg_temp.key_problems(p_limit integer)
  returns table (table_name text, line bigint, columns text, value text, rule text)
  language plpgsql
as $problems$
declare
  v_rule record;
begin
  for v_rule in
    with named as (
      -- The names behind column numbers, in their order; a rule over columns that no file has cannot be judged here.
      select s.name, s.columns, s.position, r.kind, r.shape, r.columns as on_columns, r.target, r.target_columns
      from staged_tables s
      cross join lateral (
        select 'unique', coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
               array(select a.attname::text from unnest(i.indkey) with ordinality k(number, ordinal)
                     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
                     where k.ordinal <= i.indnkeyatts order by k.ordinal),
               null::text, null::text[]
        from pg_index i
        where i.indrelid = s.name::regclass and i.indisunique and i.indexprs is null
        union all
        select case c.contype when 'c' then 'check' else 'key' end, pg_get_expr(c.conbin, c.conrelid),
               array(select a.attname::text from unnest(c.conkey) with ordinality k(number, ordinal)
                     join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.number order by k.ordinal),
               n.nspname || '.' || t.relname,
               array(select a.attname::text from unnest(c.confkey) with ordinality k(number, ordinal)
                     join pg_attribute a on a.attrelid = c.confrelid and a.attnum = k.number order by k.ordinal)
        from pg_constraint c
        left join pg_class t on t.oid = c.confrelid
        left join pg_namespace n on n.oid = t.relnamespace
        where c.conrelid = s.name::regclass and c.contype in ('c', 'f')
        union
        select 'key', null, array['person_key'], 'canon.identity_registry', array['person_key']
        where 'person_key' = any (s.columns) and s.name <> 'canon.identity_registry'
      ) as r(kind, shape, columns, target, target_columns)
      where r.columns <@ s.columns
    ), described as (
      select n.*, t.name is not null as target_staged,
             (select string_agg(format('s.%I', c), ', ' order by o) from unnest(on_columns) with ordinality u(c, o)) as list,
             (select string_agg(format('s.%I is not null', c), ' and ') from unnest(on_columns) u(c)) as filled,
             (select string_agg(format('t.%I = s.%I', target_columns[o], c), ' and ')
              from unnest(on_columns) with ordinality u(c, o)) as matches
      from named n left join staged_tables t on t.name = n.target
    )
    select d.name, d.kind, d.on_columns,
           case d.kind
             when 'unique' then format(
               'select d.line, d.value, format(''must be unique, line %%s has the same'', d.first_line)
                from (select s.line, concat_ws('', '', %1$s) as value, min(s.line) over twins as first_line
                      from pg_temp.%2$I s where %3$s and (%4$s)
                      window twins as (partition by %1$s)) d
                where d.line > d.first_line', d.list, d.name, d.filled, d.shape)
             when 'key' then format(
               'select s.line, concat_ws('', '', %1$s), %5$L
                from pg_temp.%2$I s where %3$s and not exists (select from %4$s t where %6$s)',
               d.list, d.name, d.filled,
               case when d.target_staged then format('pg_temp.%I', d.target) else d.target end,
               format('must be one of %s(%s)', d.target, array_to_string(d.target_columns, ', ')), d.matches)
             else format(
               'select s.line, concat_ws('', '', %1$s), %4$L from pg_temp.%2$I s where not (%3$s)',
               d.list, d.name, d.shape, format('must satisfy %s', d.shape))
           end as query
    from described d
    order by d.position, d.kind, d.on_columns
  loop
    return query execute format(
      'select %L, x.line, %L, x.value, x.rule from (%s) as x(line, value, rule) order by x.line limit %s',
      v_rule.name, array_to_string(v_rule.on_columns, ', '), v_rule.query, p_limit);
  end loop;
end
$problems$;
