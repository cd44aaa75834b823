-- grain: one row per driver who moved in from another fleet
-- requires: none
create table public.module_ct_migrations (
  id integer primary key,
  driver_id varchar,
  driver_name varchar,
  scout_id integer,
  scout_name varchar,
  hire_date date,
  created_at timestamp,
  updated_at timestamp
);
