-- grain: one row per lead, and one per driver, of the upstream's tables
insert into public.module_ct_cabinet_leads (
  id, external_id, lead_created_at, created_at, first_name, last_name, park_phone, asset_plate_number, asset_model,
  park_name, status, tariff, target_city, activation_city, active_1, active_5, active_25)
select
  lead_id, external_id, created_at, created_at + interval '1 day', 'Persona ' || lead_id, 'De Prueba',
  '+519' || lpad((lead_id % 100000000)::text, 8, '0'), 'ABC-' || lpad((lead_id % 1000)::text, 3, '0'), 'Kia Rio',
  'Yego', 'registered', 'econom', 'Lima', 'Lima', false, false, false
from bench.lead
order by lead_id;

insert into public.drivers (driver_id, park_id, full_name, phone, hire_date, work_status, created_at)
select
  driver_id, 'ea31b731f45d8de31ce61fb924000550', 'De Prueba Persona ' || driver_no,
  '9' || lpad((driver_no % 100000000)::text, 8, '0'), first_day, 'working', first_day + time '09:00'
from bench.driver
order by driver_no;
