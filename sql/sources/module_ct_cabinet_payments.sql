-- grain: one row per payment notice of the upstream payer; trip_1, trip_5 and trip_25 say what was PAID
-- requires: none
create table public.module_ct_cabinet_payments (
  id bigint primary key,
  date date,
  "time" time,
  scout_id integer,
  driver text,
  trip_1 boolean,
  trip_5 boolean,
  trip_25 boolean,
  created_at timestamp,
  updated_at timestamp,
  driver_id varchar,
  person_key uuid
);

create index module_ct_cabinet_payments_driver_id
  on public.module_ct_cabinet_payments (driver_id) where driver_id is not null;
create index module_ct_cabinet_payments_person_key
  on public.module_ct_cabinet_payments (person_key) where person_key is not null;
