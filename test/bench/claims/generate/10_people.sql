-- grain: one row per lead, one per person and one per person's driver, in tables of the generator's own
-- Of 100 leads 15 are nobody we know and 3 are of a person who was a lead before, one in six of them on the same day.
create table bench.lead as
select
  i as lead_id,
  created_at,
  created_at::date as lead_date,
  case when u.source < 0.01 then '' when u.source >= 0.02 then bench.id(i, 'lead') end as external_id,
  case when u.source < 0.02 then i::text else bench.id(i, 'lead') end as source_pk,
  u.known >= 0.15 as known,
  case
    when i > 1000 and u.again < 0.005 then i - 1
    when i > 1000 and u.again < 0.03 then i - 1 - floor(bench.draw(i, 'which') * least(i - 2, s.leads / 10))::integer
    else i
  end as person_no
from bench.shape s
cross join generate_series(1, s.leads) i
cross join lateral (
  select s.first_day + make_interval(secs => (i - 0.5) / s.leads * s.days * 86400) as created_at
) t
cross join lateral (
  select bench.draw(i, 'source') as source, bench.draw(i, 'known') as known, bench.draw(i, 'again') as again
) u;

-- Of 11 persons one never was a lead: drivers who came otherwise.
create table bench.person as
select
  p.person_no, p.first_date, bench.person_key(p.person_no) as person_key, p.person_no > s.leads as never_lead
from (
  select person_no, min(lead_date) as first_date from bench.lead where known group by person_no
  union all
  select n, first_day + floor(bench.draw(n, 'came') * days)::integer
  from bench.shape cross join generate_series(leads + 1, leads + leads / 10) n
) p
cross join bench.shape s;

-- 62 of 100 persons drive (all of those who never were a lead), 5 of 100 drivers' persons have two; links without a date
-- and links of the same moment occur among those.
create table bench.driver as
select
  p.person_no, p.person_key, k as ordinal,
  p.person_no * 2 + k as driver_no,
  bench.id(p.person_no * 2 + k, 'driver') as driver_id,
  case
    when k = 1 and u.which < 0.2 then null
    when k = 1 and u.which < 0.4 then linked.at
    else linked.at + make_interval(days => k * (10 - floor(u.which * 20)::integer))
  end as linked_at,
  -- Most begin within days of the lead, some long after it, and one in ten before.
  p.first_date + case when u.begins < 0.1 then -floor(u.begins * 100)::integer else floor(u.begins ^ 4 * 30)::integer end as first_day,
  bench.draw(p.person_no * 2 + k, 'stays') as stays,
  bench.draw(p.person_no * 2 + k, 'works') as works,
  u.quarantined < 0.01 as quarantined
from bench.person p
cross join lateral generate_series(0, case when bench.draw(p.person_no, 'second') < 0.05 then 1 else 0 end) k
cross join lateral (
  select
    bench.draw(p.person_no * 2 + k, 'which') as which,
    bench.draw(p.person_no * 2 + k, 'begins') as begins,
    bench.draw(p.person_no * 2 + k, 'quarantined') as quarantined
) u
cross join lateral (select (p.first_date + 1)::timestamp at time zone 'UTC' as at) linked
where p.never_lead or bench.draw(p.person_no, 'drives') < 0.62;

analyze bench.lead, bench.person, bench.driver;
