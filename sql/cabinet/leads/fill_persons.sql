-- grain: one row, the number of persons filled in
-- requires: canon.identity_registry, canon.v_cabinet_lead_keys, canon.drivers_index, canon.full_name
-- After the run's links: what a person has blank is filled from the driver that the person was made for, then from the
-- person's first matched lead. Nothing that is filled is touched, and confidence only rises.
create or replace function canon.fill_persons(p_job_run_id uuid)
  returns integer
  language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
  with matched as (
    -- The window sees all leads of a person, before the first one is taken.
    select distinct on (e.person_key) e.*, bool_or(e.confidence = 'HIGH') over (partition by e.person_key) as high
    from ops.decisions d
    cross join lateral jsonb_to_record(d.evidence) e (
      person_key uuid, lead_id integer, lead_date date, driver_id text, person_from text, confidence text)
    where d.job_run_id = p_job_run_id and d.decision = 'MATCHED'
    order by e.person_key, e.lead_date, e.lead_id
  ), known as (
    select m.person_key, m.high,
           coalesce(i.phone_norm, canon.normalise_phone(l.park_phone)) as phone, i.license_norm as license,
           coalesce(canon.full_name(d.full_name, d.first_name, d.middle_name, d.last_name),
                    canon.full_name(null, l.first_name, l.middle_name, l.last_name)) as full_name
    from matched m
    join public.module_ct_cabinet_leads l on l.id = m.lead_id
    left join canon.drivers_index i on m.person_from = 'NEW' and i.driver_id = m.driver_id
    -- By the decision's id and not the index's: its collation is another, and would not use the upstream's key.
    left join public.drivers d on m.person_from = 'NEW' and d.driver_id = m.driver_id
  ), filled as (
    update canon.identity_registry r
    set primary_phone = coalesce(nullif(btrim(r.primary_phone), ''), k.phone),
        primary_license = coalesce(nullif(btrim(r.primary_license), ''), k.license),
        primary_full_name = coalesce(nullif(btrim(r.primary_full_name), ''), k.full_name),
        confidence_level = case when k.high then 'HIGH' else r.confidence_level end,
        updated_at = now()
    from known k
    where r.person_key = k.person_key
      and ((coalesce(btrim(r.primary_phone), '') = '' and k.phone is not null)
        or (coalesce(btrim(r.primary_license), '') = '' and k.license is not null)
        or (coalesce(btrim(r.primary_full_name), '') = '' and k.full_name is not null)
        or (k.high and r.confidence_level is distinct from 'HIGH'))
    returning r.person_key
  )
  select count(*)::integer from filled
$$;

comment on function canon.fill_persons(uuid) is 'Fills what the persons matched by a job run have blank; returns how many it filled.';
