-- grain: one row per scout
-- requires: none
create table public.module_ct_scouts_list (
  scout_id integer primary key,
  raw_name varchar,
  name varchar,
  is_active boolean,
  created_at timestamp,
  updated_at timestamp
);
