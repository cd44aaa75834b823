-- grain: one row per check, and per subject where a check has several values
-- requires: ops.v_cabinet_check_list, ops.v_cabinet_checked_leads, ops.v_cabinet_checked_milestones, ops.v_cabinet_checked_drivers
-- Each check is planned by itself, and those of one source are asked in one pass over it: joined into one statement their plans
-- took longer to make than to run. Stable, so that all of them see one moment. Examples are the 20 largest by amount, else
-- the first by subject. As its owner, so that a check needs no right of its own; it hands out ids and figures.
create or replace function ops.cabinet_check_values(p_run_id uuid)
  returns table (name text, subject text, value numeric, examples jsonb)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v record;
begin
  for v in
    select l.source,
           string_agg(format('(%L, ops.%I(c))', l.name, 'check_cabinet_' || l.name), ', ') filter (where l.kind = 'rule') as rules,
           string_agg(format('(%L, %L, ops.%I(c))', l.name, l.unit, 'check_cabinet_' || l.name), ', ') filter (where l.kind = 'class') as classes
    from ops.v_cabinet_check_list l
    where l.kind in ('rule', 'class') and l.waits_for is null
    group by l.source
  loop
    return query execute format($query$
      with c as materialized (
        select * from ops.%I
      ), broken as (
        select r.name, r.detail, c, c.subject, row_number() over (partition by r.name order by c.amount desc nulls last, c.subject collate "C") as place
        from c cross join lateral (values %s) r (name, detail)
        where r.detail is not null
      ), counted as (
        select r.name, r.unit, r.class, count(*) as n, sum(c.amount) as amount
        from c cross join lateral (values %s) r (name, unit, class)
        where r.class is not null
        group by r.name, r.unit, r.class
      )
      select name, 'total', count(*)::numeric,
             jsonb_agg(jsonb_build_object('subject', subject, 'detail', detail, 'evidence', ops.check_evidence(to_jsonb(c)))
                       order by place) filter (where place <= 20)
      from broken
      group by name
      union all
      select name, class,
             case unit when 'S/' then amount when '%%' then round(100 * n / sum(n) over (partition by name), 2) else n end, '[]'
      from counted
    $query$, 'v_cabinet_checked_' || v.source, v.rules, v.classes);
  end loop;

  for v in
    select l.*, case when l.kind = 'run' then format('ops.%I($1)', 'cabinet_' || l.name) else format('ops.%I', 'check_cabinet_' || l.name) end as relation
    from ops.v_cabinet_check_list l
    where l.kind in ('view', 'figures', 'run') and l.waits_for is null
    order by l.place
  loop
    if v.kind = 'figures' then
      return query execute format(
        $query$select %L, subject, value::numeric, jsonb_build_array(jsonb_build_object('subject', subject, 'evidence', evidence)) from %s$query$,
        v.name, v.relation);
    else
      return query execute format($query$
        select %L, 'total', count(*)::numeric,
               jsonb_agg(jsonb_build_object('subject', subject, 'detail', detail, 'evidence', evidence) order by place) filter (where place <= 20)
        from (select subject, detail, evidence, row_number() over (order by subject collate "C") as place from %s) offending
        $query$, v.name, v.relation) using p_run_id;
    end if;
  end loop;
end
$$;

comment on function ops.cabinet_check_values is
  'What the checks find now: of each that lists rows how many there are, with the first as examples, and the values of the others. Rules and classes that find nothing have no row.';
