-- grain: one row per lead with its truth; from it the upstream's leads and as many drivers
-- Everything drawn is a hash of the seed, a purpose and the lead's number: the same seed and size give the same rows. Each lead
-- has one kind of noise, so that what is lost is lost to that. driver_id is NULL where the lead never was a driver.
create schema bench;

create function bench.draw(i bigint, purpose text) returns double precision
  language sql stable parallel safe
  return ((hashint8extended(i, hashtextextended(purpose, current_setting('bench.seed')::bigint)) >> 11) & 9007199254740991)::double precision / 9007199254740992;

-- Per thousand leads, in the order in which they are drawn.
create table bench.kind as
select kind, is_driver, what, sum(weight) over (order by place) / 1000.0 as upto
from (values
  (1, 'PHONE', 380, true, 'the driver''s phone, written otherwise'),
  (2, 'PHONE_AND_PLATE', 100, true, 'phone, plate and name'),
  (3, 'PHONE_OTHER_PARK', 40, true, 'the phone of a driver of another park'),
  (4, 'PHONE_TWO_PARKS', 40, true, 'the phone of a driver whom another park has as well'),
  (5, 'PLATE', 140, true, 'no phone; plate and name, accents, case and order otherwise'),
  (6, 'PLATE_SHARED', 30, true, 'no phone; the plate of three drivers, the name of one'),
  (7, 'PLATE_FAMILY', 5, true, 'no phone; the plate of two drivers of one first name and surname, without the second surname'),
  (8, 'NAME_SHORT', 30, true, 'no phone; plate, and the name without its last word'),
  (9, 'NAME_TYPO', 20, true, 'no phone; plate, and a letter of the name mistyped'),
  (10, 'HIRED_LONG_AGO', 25, true, 'no phone; plate and name of a driver hired a year before'),
  (11, 'PHONE_SHARED', 20, true, 'the phone of two drivers'),
  (12, 'PHONE_SHARED_PLATE', 10, true, 'the phone of two drivers, and the plate of one'),
  (13, 'PHONE_TYPO', 25, true, 'a digit of the phone mistyped, no plate'),
  (14, 'PLATE_TYPO', 10, true, 'no phone; a digit of the plate mistyped'),
  (15, 'NO_KEYS', 5, true, 'a name, and nothing else'),
  (16, 'PHONE_RECYCLED', 5, false, 'a phone that now is another person''s, a driver'),
  (17, 'PLATE_SOLD', 15, false, 'no phone; a plate that now is another person''s, a driver'),
  (18, 'NOBODY', 100, false, 'phone, plate and name of nobody')
) k (place, kind, weight, is_driver, what);

-- Common names are common: the cube of a draw takes the first tenth of the words for nearly half of the people.
create table bench.word as
select k,
       (array['Ana', 'Luis', 'José', 'María', 'Pedro', 'Rosa', 'Juan', 'Víctor', 'Lucía', 'Íñigo'])[1 + k % 10]
         || case when k < 10 then '' else chr(97 + k / 10 % 26) || chr(97 + k / 260 % 26) end as first_name,
       (array['Quispe', 'Flores', 'Sánchez', 'Rojas', 'Mamani', 'Núñez', 'Peña', 'de la Cruz', 'Díaz', 'Huamán'])[1 + k % 10]
         || case when k < 10 then '' else chr(97 + k / 10 % 26) || chr(97 + k / 260 % 26) end as surname
from generate_series(0, 1999) k;

-- Numbers are spread over all there are, by a factor prime to their count: a mistyped one is seldom another person's.
create function bench.phone(n bigint) returns text language sql immutable parallel safe
  return '9' || lpad((n * 79 % 100000000)::text, 8, '0');
create function bench.plate(n bigint) returns text language sql immutable parallel safe
  return chr((65 + n * 7919 % 26)::int) || chr((65 + n * 7919 / 26 % 26)::int) || chr((65 + n * 7919 / 676 % 26)::int)
    || '-' || lpad((n * 7919 / 17576 % 1000)::text, 3, '0');
-- The last digit is another one.
create function bench.mistype(digits text) returns text language sql immutable parallel safe
  return left(digits, -1) || (right(digits, 1)::int + 3) % 10;

create table bench.given as
select
  i, k.kind, k.is_driver, md5(current_setting('bench.seed') || 'driver' || i) as driver_id, md5(current_setting('bench.seed') || 'lead' || i) as external_id,
  date '2024-01-15' + (bench.draw(i, 'day') * 728)::integer as lead_date,
  a.first_name, case when bench.draw(i, 'second') < 0.4 then b.first_name end as second_name,
  f.surname as father, m.surname as mother,
  bench.phone(i) as phone, bench.plate(i) as plate, bench.draw(i, 'dress') as dress
from generate_series(1, current_setting('bench.leads')::integer) i
cross join lateral (select kind, is_driver from bench.kind where bench.draw(i, 'kind') < upto order by upto limit 1) k
join bench.word a on a.k = floor(power(bench.draw(i, 'first'), 3) * 2000)
join bench.word b on b.k = floor(power(bench.draw(i, 'middle'), 3) * 2000)
join bench.word f on f.k = floor(power(bench.draw(i, 'father'), 3) * 2000)
join bench.word m on m.k = floor(power(bench.draw(i, 'mother'), 3) * 2000);

create table bench.driver as
-- The leads that are drivers, and the strangers who have a lead's phone or plate by now.
select
  i, kind, driver_id,
  case when kind = 'PHONE_OTHER_PARK' then 'another park' else (select target_park_id from ops.cabinet_settings) end as park_id,
  case when is_driver then concat_ws(' ', father, mother, first_name, second_name)
       else concat_ws(' ', 'Otro', mother, 'Conductor', 'Ca' || i % 1000) end as full_name,
  phone, plate,
  case when kind = 'HIRED_LONG_AGO' then lead_date - 365 when dress < 0.05 then null else lead_date - 20 + (dress * 40)::integer end as hire_date
from bench.given where kind <> 'NOBODY'
union all
select i, kind, md5('again' || driver_id), 'another park', concat_ws(' ', father, mother, first_name, second_name), phone, plate, lead_date + 100
from bench.given where kind = 'PHONE_TWO_PARKS'
union all
select i, kind, md5('shares' || driver_id), (select target_park_id from ops.cabinet_settings), concat_ws(' ', 'Socio', father, 'Distinto'), phone, null, lead_date
from bench.given where kind in ('PHONE_SHARED', 'PHONE_SHARED_PLATE')
union all
select i, kind, md5('drives' || n || driver_id), (select target_park_id from ops.cabinet_settings),
       case when kind = 'PLATE_FAMILY' then concat_ws(' ', father, 'Otra', first_name, second_name) else concat_ws(' ', 'Turno', chr(65 + n) || 'uno', mother) end,
       bench.phone(i + n * 30000000), plate, lead_date - 5
from bench.given, generate_series(1, 2) n
where kind = 'PLATE_SHARED' or (kind = 'PLATE_FAMILY' and n = 1);

insert into public.drivers (driver_id, park_id, full_name, phone, hire_date, car_brand, car_model, car_number, license_number, created_at)
select driver_id, park_id, full_name, case when i % 2 = 0 then '+51 ' || phone else phone end, hire_date, 'Kia', 'Rio', plate, 'Q' || i, now()
from bench.driver order by driver_id;

insert into public.module_ct_cabinet_leads (
  external_id, lead_created_at, first_name, middle_name, last_name, park_phone, asset_plate_number, asset_model)
select
  external_id, lead_date + time '10:00',
  case when kind = 'NAME_TYPO' then overlay(first_name placing 'x' from 2 for 1) when dress < 0.5 then upper(first_name) else first_name end,
  second_name,
  concat_ws(' ', case when dress < 0.3 then lower(father) else father end, case when kind not in ('NAME_SHORT', 'PLATE_FAMILY') then translate(mother, 'áéíóúñ', 'aeioun') end),
  case
    when kind in ('PHONE_TYPO') then bench.mistype(phone)
    when not has_phone then null
    when dress < 0.3 then '(51)' || left(phone, 3) || '-' || substr(phone, 4)
    when dress < 0.7 then '+51' || phone
    else phone
  end,
  case
    when not has_plate then null
    when kind = 'PLATE_TYPO' then bench.mistype(plate)
    when dress < 0.5 then lower(replace(plate, '-', ' '))
    else plate
  end,
  'Rio'
from bench.given
cross join lateral (
  select kind like 'PHONE%' or kind = 'NOBODY' as has_phone,
         kind like 'PLATE%' or kind in ('PHONE_AND_PLATE', 'PHONE_SHARED_PLATE', 'NAME_SHORT', 'NAME_TYPO', 'HIRED_LONG_AGO', 'NOBODY') as has_plate
) has
order by lead_date, i;

create table bench.truth as
select l.id as lead_id, g.kind, case when g.is_driver then g.driver_id end as driver_id
from bench.given g join public.module_ct_cabinet_leads l on l.external_id = g.external_id;
