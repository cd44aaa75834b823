-- grain: one row per payment notice and milestone that it says was paid
-- requires: ops.as_of
-- The one place where collections learn what was paid. Notices name a driver by id, or else by a name that counts only
-- when exactly one driver of the fleet has it: the same words in any order, without accents, case or punctuation.
create or replace view ops.v_cabinet_paid_milestones as
with paid as (
  select
    p.id, p.date as pay_date, p.driver as raw_name, p.driver_id, p.person_key, f.milestone_value
  from public.module_ct_cabinet_payments p
  cross join lateral (values (1, p.trip_1), (5, p.trip_5), (25, p.trip_25)) f (milestone_value, is_paid)
  where f.is_paid
    and btrim(p.driver, E' \t\r\n') <> ''
    and (p.date is null or p.date <= (select coalesce(ops.as_of(), 'infinity')))
), named as (
  select source, key, string_agg(word, ' ' order by word collate "C") as name_key
  from (
    select 'payment' as source, id::text as key, raw_name as name from paid where driver_id is null
    union
    select 'driver', driver_id, coalesce(nullif(btrim(full_name), ''), concat_ws(' ', first_name, middle_name, last_name))
    from public.drivers
  ) n
  cross join lateral regexp_split_to_table(
    lower(translate(name, 'ÁÀÄÂÃÅÉÈËÊÍÌÏÎÓÒÖÔÕÚÙÜÛÑÇáàäâãåéèëêíìïîóòöôõúùüûñç', 'AAAAAAEEEEIIIIOOOOOUUUUNCaaaaaaeeeeiiiiooooouuuunc')),
    '[^a-z0-9]+'
  ) word
  where word <> ''
  group by source, key
), only_driver as (
  select name_key, min(key) as driver_id from named where source = 'driver' group by name_key having count(*) = 1
)
select
  r.driver_id,
  coalesce(r.person_key, link.person_key) as person_key,
  r.milestone_value,
  r.pay_date,
  md5(concat_ws('|', r.id, r.milestone_value)) as payment_key,
  r.identity_status,
  r.match_rule,
  r.match_confidence
from (
  select
    paid.id, paid.pay_date, paid.milestone_value, paid.person_key,
    coalesce(paid.driver_id, only_driver.driver_id) as driver_id,
    case when paid.driver_id is not null then 'confirmed' when only_driver.driver_id is not null then 'enriched' else 'ambiguous' end
      as identity_status,
    case when paid.driver_id is not null then 'source_upstream' when only_driver.driver_id is not null then 'name_unique' else 'ambiguous' end
      as match_rule,
    case when paid.driver_id is not null then 'high' when only_driver.driver_id is not null then 'medium' else 'low' end as match_confidence
  from paid
  left join named on named.source = 'payment' and named.key = paid.id::text and paid.driver_id is null
  left join only_driver on only_driver.name_key = named.name_key
) r
left join canon.identity_links link on link.source_table = 'drivers' and link.source_pk = r.driver_id;

comment on view ops.v_cabinet_paid_milestones is 'What the payer says it paid, with the driver and person it was for, and how they were found.';
comment on column ops.v_cabinet_paid_milestones.driver_id is 'NULL when the notice names no driver that can be told (identity_status ambiguous).';
