-- grain: one row per lead, a person who registered interest
-- requires: none
create table public.module_ct_cabinet_leads (
  id serial primary key,
  external_id varchar,
  lead_created_at timestamp,
  created_at timestamp default now(),
  first_name varchar,
  middle_name varchar,
  last_name varchar,
  park_phone varchar,
  asset_plate_number varchar,
  asset_model varchar,
  asset_color varchar,
  park_name varchar,
  status varchar,
  tariff varchar,
  target_city varchar,
  activation_city varchar,
  active_1 boolean,
  active_5 boolean,
  active_10 boolean,
  active_15 boolean,
  active_25 boolean,
  active_50 boolean,
  active_100 boolean,
  last_active_date date
);

create unique index uq_module_ct_cabinet_leads_external_id
  on public.module_ct_cabinet_leads (external_id) where external_id is not null and external_id <> '';
create index module_ct_cabinet_leads_lead_created_at on public.module_ct_cabinet_leads (lead_created_at);
create index module_ct_cabinet_leads_park_phone on public.module_ct_cabinet_leads (park_phone);
