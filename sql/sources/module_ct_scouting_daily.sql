-- grain: one row per registration that a scout reported
-- requires: none
create table public.module_ct_scouting_daily (
  id integer primary key,
  registration_date date not null,
  scout_id integer not null,
  driver_license varchar,
  driver_name varchar not null,
  driver_phone varchar,
  acquisition_method varchar,
  created_at timestamp,
  updated_at timestamp
);
