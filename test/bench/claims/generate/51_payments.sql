-- grain: one row per payment notice dated before the as-of date
-- Of the milestones that payment calculation gives, 72 of 100 were paid, about three weeks later; of 100 drivers 1 was
-- paid a milestone whatever the trips say. 60 of 100 notices name the driver by id, 38 by name alone, with the words in
-- another order and in capitals, and 2 name nobody that can be told.
create table bench.notice as
select
  row_number() over (order by pay_date, driver_id, milestone) as id,
  n.*, d.driver_no, bench.draw(d.driver_no * 100 + n.milestone, 'names') as names
from (
  select
    c.driver_id, c.milestone_value as milestone,
    c.achieved_date + 14 + floor(bench.draw(hashtextextended(c.driver_id, c.milestone_value), 'late') * 14)::integer as pay_date
  from ops.v_cabinet_derived_claims c
  where bench.draw(hashtextextended(c.driver_id, c.milestone_value), 'paid') < 0.72
  union
  select driver_id, 25, first_day + 30 from bench.driver where bench.draw(driver_no, 'gift') < 0.01
) n
join bench.driver d using (driver_id)
where pay_date <= (select as_of from bench.shape);

create function bench.notify(from_date date, to_date date) returns void
  language sql
as $$
  insert into public.module_ct_cabinet_payments (id, date, "time", scout_id, driver, trip_1, trip_5, trip_25, created_at, driver_id)
  select
    id, pay_date, time '08:00', case when bench.draw(driver_no, 'by scout') < 0.3 then 1 + (driver_no % 400)::integer end,
    case when names >= 0.98 then 'Nadie Conocido' else 'PERSONA ' || driver_no || ', DE PRUEBA' end,
    case when milestone = 1 then true end, case when milestone = 5 then true end, case when milestone = 25 then true end,
    pay_date + 1, case when names < 0.6 then driver_id end
  from bench.notice
  where pay_date between from_date and to_date
  order by id;
$$;

select bench.notify(date '2000-01-01', (select as_of - 1 from bench.shape));

analyze public.module_ct_cabinet_payments;
