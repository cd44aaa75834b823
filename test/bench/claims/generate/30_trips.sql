-- grain: one row per driver and day worked, in the generator's own table, and as many as asked for in all
-- Three quarters are of drivers whose person is known, each working 8 days of 10 for a while; the rest of other drivers.
create unlogged table bench.trip (
  day date not null, arrival integer not null, driver_id text not null, trips smallint not null, work_seconds integer not null,
  -- Which fault a row has: 0 to 4 make a reject, 5 to 8 an equal row besides, 9 to 12 another with more trips.
  fault smallint not null
);

insert into bench.trip
select
  d.first_day + k, ((h >> 24) & 2147483647)::integer, d.driver_id,
  -- The product of two draws: many slow days and few long ones; and drivers differ.
  (((h >> 8) & 15) * ((h >> 12) & 15) * (0.3 + d.works) / 15)::smallint,
  3600 + ((h >> 16) & 16383)::integer,
  (h >> 48) & 8191
from bench.driver d
cross join bench.shape s
cross join lateral (
  -- Exponential, so that the mean is met: 0.7 drivers a lead, 0.8 days worked of each.
  select ceil(-ln(1 - d.stays) * (s.trips * 0.75 / (s.leads * 0.7) / 0.8))::integer as days
) stay
cross join lateral generate_series(0, least(stay.days, s.as_of - d.first_day)) k
cross join lateral (select bench.hash(d.driver_no::bigint * 1000 + k, 'day') as h) x
where (h & 255) < 205;

insert into bench.trip
select day, arrival, driver_id, case when fault between 9 and 12 then trips + 2 else trips end, work_seconds, 99
from bench.trip
where fault between 5 and 12;

-- 33 days each.
insert into bench.trip
select
  s.as_of - (r % 33)::integer - (bench.hash(r / 33, 'other') & 511)::integer, ((h >> 24) & 2147483647)::integer, bench.id(r / 33, 'other driver'),
  (((h >> 8) & 15) * ((h >> 12) & 15) / 15)::smallint, 3600 + ((h >> 16) & 16383)::integer, 99
from bench.shape s
cross join lateral generate_series(0, s.trips - 1 - (select count(*) from bench.trip)) r
cross join lateral (select bench.hash(r, 'other day') as h) x;

analyze bench.trip;
