-- grain: one row per scout, per registration that a scout reported, and per driver who came from another fleet
-- The people credited in the ledger have one of 40 scouts (22_observed); the other sources know 400. Of 100 persons 8 were
-- registered by a scout, half of those under a link; of 100 drivers 3 came from another fleet.
insert into public.module_ct_scouts_list (scout_id, raw_name, name, is_active)
select n, 'Scout ' || n || ' De Prueba', case when n % 3 > 0 then 'SCOUT ' || n end, n % 10 > 0
from generate_series(1, 400) n;

insert into public.module_ct_scouting_daily (id, registration_date, scout_id, driver_license, driver_name, driver_phone, acquisition_method, created_at)
select
  person_no, first_date - 1, 1 + floor(bench.draw(person_no, 'registered by') * 400)::integer, 'Q' || person_no,
  'De Prueba Persona ' || person_no, '9' || lpad((person_no % 100000000)::text, 8, '0'), 'calle', first_date
from bench.person
where bench.draw(person_no, 'registered') < 0.08
order by first_date;

set local session_replication_role = replica;
insert into canon.identity_links (
  person_key, source_table, source_pk, snapshot_date, match_rule, match_score, confidence_level, evidence, linked_at)
select p.person_key, 'module_ct_scouting_daily', s.id::text, p.first_date, 'R1_PHONE_EXACT', 95, 'HIGH', '{"rule": "R1_PHONE_EXACT"}', p.first_date
from public.module_ct_scouting_daily s
join bench.person p on p.person_no = s.id
where s.id % 2 = 0;

insert into public.module_ct_migrations (id, driver_id, driver_name, scout_id, hire_date, created_at)
select
  driver_no, driver_id, 'De Prueba Persona ' || driver_no, 1 + floor(bench.draw(driver_no, 'moved by') * 400)::integer, first_day, first_day
from bench.driver
where bench.draw(driver_no, 'moved') < 0.03
order by first_day;

analyze public.module_ct_scouts_list, public.module_ct_scouting_daily, public.module_ct_migrations, canon.identity_links;
