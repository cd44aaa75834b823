-- grain: one row per filter and measure of the collection screens
-- requires: ops.cabinet_cobranza_summary, ops.cabinet_cobranza_weekly, ops.mv_yango_cabinet_cobranza_enriched_14d
-- What the table says (its summary), what the weekly figures say (all weeks) and what the rows themselves add up to. As its
-- owner, since those functions read names; it hands out figures. Exact decimals, so equal means equal.
create or replace function ops.cabinet_cobranza_correlation()
  returns table (filter text, measure text, table_says numeric, weekly_says numeric, rows_say numeric, without_week bigint, equal boolean)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select f.filter, m.measure, m.table_says, m.weekly_says, m.rows_say, direct.without_week,
         m.table_says = m.weekly_says and m.table_says = m.rows_say
  from (
    select 'all' as filter, false as with_debt, null::text as milestone, null::integer as scout
    union all select 'only_with_debt', true, null, null
    union all select 'reached_milestone=m1', false, 'm1', null
    union all select 'reached_milestone=m5', false, 'm5', null
    union all select 'reached_milestone=m25', false, 'm25', null
    union all (
      select 'scout_id=' || scout_id, false, null, scout_id
      from ops.mv_yango_cabinet_cobranza_enriched_14d where scout_id is not null
      group by scout_id order by count(*) desc, scout_id limit 1
    )
  ) f
  cross join lateral ops.cabinet_cobranza_summary(true, f.with_debt, null, f.milestone, f.scout, null, null, null, null) said
  cross join lateral (
    select coalesce(sum(total_rows), 0) as drivers, coalesce(sum(debt_sum::numeric), 0.00) as debt, coalesce(sum(paid_sum::numeric), 0.00) as paid,
           coalesce(sum(with_scout), 0) as with_scout, coalesce(sum(reached_m1), 0) as m1, coalesce(sum(reached_m5), 0) as m5,
           coalesce(sum(reached_m25), 0) as m25
    from ops.cabinet_cobranza_weekly(true, f.with_debt, null, f.milestone, f.scout, null, null, null, null)
  ) weekly
  cross join lateral (
    select count(*) as drivers, coalesce(sum(amount_due_yango), 0.00) as debt, coalesce(sum(total_paid_yango), 0.00) as paid,
           count(scout_id) as with_scout, count(*) filter (where reached_m1_14d) as m1, count(*) filter (where reached_m5_14d) as m5,
           count(*) filter (where reached_m25_14d) as m25, count(*) filter (where week_start is null) as without_week
    from ops.mv_yango_cabinet_cobranza_enriched_14d r
    where (not f.with_debt or r.amount_due_yango > 0)
      and (f.scout is null or r.scout_id = f.scout)
      and (f.milestone is null
           or f.milestone = 'm1' and r.reached_m1_14d and not r.reached_m5_14d
           or f.milestone = 'm5' and r.reached_m5_14d and not r.reached_m25_14d
           or f.milestone = 'm25' and r.reached_m25_14d)
  ) direct
  cross join lateral (values
    ('drivers', said.total_drivers::numeric, weekly.drivers::numeric, direct.drivers::numeric),
    ('debt', said.total_debt_yango::numeric, weekly.debt, direct.debt),
    ('paid', said.total_paid_yango::numeric, weekly.paid, direct.paid),
    ('with_scout', said.drivers_with_scout::numeric, weekly.with_scout::numeric, direct.with_scout::numeric),
    ('m1', said.drivers_m1::numeric, weekly.m1::numeric, direct.m1::numeric),
    ('m5', said.drivers_m5::numeric, weekly.m5::numeric, direct.m5::numeric),
    ('m25', said.drivers_m25::numeric, weekly.m25::numeric, direct.m25::numeric)
  ) m (measure, table_says, weekly_says, rows_say);
$$;

comment on function ops.cabinet_cobranza_correlation is
  'The figures of the table, of the weeks and of the rows behind both, filter by filter, and whether they are equal to the cent.';
