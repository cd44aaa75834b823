-- grain: one row for the whole: sizes, dates and seed of the generated data
-- Everything drawn is a hash of the seed, a purpose and a row's number: the same seed gives the same rows.
create schema bench;

create table bench.shape as
select
  current_setting('bench.seed')::bigint as seed,
  current_setting('bench.leads')::integer as leads,
  current_setting('bench.trips')::integer as trips,
  current_setting('bench.as_of')::date as as_of,
  -- Two years of business, whatever the sizes: a smaller set has fewer rows a day, not fewer days.
  730 as days,
  current_setting('bench.as_of')::date - 729 as first_day;

create function bench.hash(key bigint, purpose text) returns bigint
  language sql stable parallel safe
  return hashint8extended(key, hashtextextended(purpose, current_setting('bench.seed')::bigint));

-- Uniform in [0, 1).
create function bench.draw(key bigint, purpose text) returns double precision
  language sql stable parallel safe
  return ((bench.hash(key, purpose) >> 11) & 9007199254740991)::double precision / 9007199254740992;

create function bench.id(key bigint, purpose text) returns text
  language sql stable parallel safe
  return md5(current_setting('bench.seed') || purpose || key);

-- Version 4, as one that was drawn.
create function bench.person_key(person_no bigint) returns uuid
  language sql stable parallel safe
  return overlay(overlay(bench.id(person_no, 'person') placing '4' from 13) placing '8' from 17)::uuid;

-- Bulk loads build indexes once, at the end.
create table bench.later_index as
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
from pg_index
where indrelid in ('public.summary_daily'::regclass, 'public.module_ct_cabinet_leads'::regclass) and not indisprimary;

do $$
declare
  v_name text;
begin
  for v_name in select name from bench.later_index loop
    execute 'drop index ' || v_name;
  end loop;
end
$$;
