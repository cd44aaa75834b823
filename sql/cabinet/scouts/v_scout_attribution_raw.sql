-- grain: one row per source row that names a scout
-- requires: ops.as_of
-- Every source whole: which of them wins is decided in ops.v_scout_attribution, and conflicts look at all of them.
-- Registrations are linked under a key made of their content (md5) and under their id; the first found counts.
create or replace view ops.v_scout_attribution_raw as
select
  person_key,
  null::varchar as driver_id,
  null::varchar as driver_license,
  null::varchar as driver_phone,
  attributed_scout_id as scout_id,
  null::text as origin_tag,
  null::varchar as acquisition_method,
  'observational.lead_ledger' as source_table,
  person_key::text as source_pk,
  (updated_at at time zone 'America/Lima')::date as attribution_date,
  updated_at as created_at,
  1 as priority
from observational.lead_ledger
where attributed_scout_id is not null
union all
select
  e.person_key, null, null, null, e.scout_id, null, null,
  'observational.lead_events', e.id::text, e.event_date, e.created_at at time zone 'America/Lima', 2
from (
  select
    id, person_key, event_date, created_at,
    coalesce(scout_id, case when payload_json ->> 'scout_id' ~ '^[0-9]{1,9}$' then (payload_json ->> 'scout_id')::integer end) as scout_id
  from observational.lead_events
  where person_key is not null and event_date <= (select coalesce(ops.as_of(), 'infinity'))
) e
where e.scout_id is not null
union all
select
  coalesce(own.person_key, of_driver.person_key), m.driver_id, null, null, m.scout_id, 'migration', null,
  'public.module_ct_migrations', m.id::text, coalesce(m.hire_date, m.created_at::date), m.created_at at time zone 'America/Lima', 3
from public.module_ct_migrations m
left join canon.identity_links own on own.source_table = 'module_ct_migrations' and own.source_pk = m.id::text
left join canon.identity_links of_driver on of_driver.source_table = 'drivers' and of_driver.source_pk = m.driver_id
where m.scout_id is not null
  and coalesce(coalesce(m.hire_date, m.created_at::date) <= (select coalesce(ops.as_of(), 'infinity')), true)
union all
select
  coalesce(by_content.person_key, by_id.person_key), null, s.driver_license, s.driver_phone, s.scout_id, 'scout_registration',
  s.acquisition_method, 'public.module_ct_scouting_daily', s.id::text, s.registration_date, s.created_at at time zone 'America/Lima', 4
from (
  select
    id, registration_date, scout_id, driver_license, driver_phone, acquisition_method, created_at,
    regexp_replace(driver_phone, '[\s()+-]', '', 'g') as phone
  from public.module_ct_scouting_daily
  where registration_date <= (select coalesce(ops.as_of(), 'infinity'))
) s
left join canon.identity_links by_content
  on by_content.source_table = 'module_ct_scouting_daily'
  and by_content.source_pk = md5(
    s.scout_id
    || '|' || case when s.phone ~ '^51.{9}$' then substr(s.phone, 3) when length(s.phone) >= 8 then s.phone else '' end
    || '|' || coalesce(upper(regexp_replace(s.driver_license, '[\s-]', '', 'g')), '')
    || '|' || to_char(s.registration_date, 'YYYY-MM-DD'))
left join canon.identity_links by_id on by_id.source_table = 'module_ct_scouting_daily' and by_id.source_pk = s.id::text
union all
select
  coalesce(p.person_key, of_driver.person_key), p.driver_id, null, null, p.scout_id, 'cabinet_payment', null,
  'public.module_ct_cabinet_payments', p.id::text, coalesce(p.date, p.created_at::date), p.created_at at time zone 'America/Lima', 5
from public.module_ct_cabinet_payments p
left join canon.identity_links of_driver on of_driver.source_table = 'drivers' and of_driver.source_pk = p.driver_id
where p.scout_id is not null
  and coalesce(coalesce(p.date, p.created_at::date) <= (select coalesce(ops.as_of(), 'infinity')), true);

comment on view ops.v_scout_attribution_raw is 'Every word of every source about which scout brought a person; person_key is NULL where nobody knows who it was.';
comment on column ops.v_scout_attribution_raw.priority is '1 ledger, 2 events, 3 migrations, 4 registrations, 5 payments.';
comment on column ops.v_scout_attribution_raw.attribution_date is 'Date of the row; of the ledger''s, the day in Lima on which it was decided.';
