-- grain: one row per driver of the fleet
-- requires: none
create table public.drivers (
  driver_id varchar primary key,
  park_id varchar,
  full_name varchar,
  first_name varchar,
  middle_name varchar,
  last_name varchar,
  phone varchar,
  hire_date date,
  fire_date date,
  work_status varchar,
  car_brand varchar,
  car_model varchar,
  car_number varchar,
  car_normalized_number varchar,
  license_number varchar,
  license_normalized_number varchar,
  created_at timestamp
);
