-- grain: one row, the number of persons filled in
-- requires: canon.identity_registry, canon.v_cabinet_lead_keys, canon.drivers_index, canon.full_name
-- The run's matches, one per position of the arrays: the person, the lead, the driver that the person is made for (NULL for
-- a person who is known), whether the match is HIGH, and whether the lead became the person's (or somebody else linked it).
-- A new person is inserted as it will be: filled in afterwards it would be written twice, and its indexes too. What a known
-- one has blank is filled from the person's first lead. Nothing that is filled is touched, and confidence only rises.
create or replace function canon.fill_persons(
  p_person_keys uuid[], p_lead_ids integer[], p_new_drivers text[], p_high boolean[], p_linked boolean[])
  returns integer
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set enable_nestloop = on
as $$
declare
  v_filled integer;
begin
  -- As in canon.judge_cabinet_leads: looked up one by one, leads and drivers took half of the time of 100,000 persons.
  if cardinality(p_person_keys) > 50000 then
    perform set_config('enable_nestloop', 'off', true);
  end if;
  with match as (
    select m.person_key, m.lead_id, m.new_driver, m.high and m.linked as high, m.linked, l.lead_created_at, l.park_phone,
           l.first_name, l.middle_name, l.last_name
    from unnest(p_person_keys, p_lead_ids, p_new_drivers, p_high, p_linked) m (person_key, lead_id, new_driver, high, linked)
    join public.module_ct_cabinet_leads l on l.id = m.lead_id
  ), shared as materialized (
    select person_key from unnest(p_person_keys) p (person_key) group by person_key having count(*) > 1
  ), first as (
    -- Hardly any person has two leads in a run: only theirs are put in order.
    select m.*, m.high as any_high from match m where person_key not in (select person_key from shared)
    union all
    (select distinct on (m.person_key) m.*, bool_or(m.high) over (partition by m.person_key)
     from match m where person_key in (select person_key from shared)
     order by m.person_key, m.linked desc, m.lead_created_at::date, m.lead_id)
  ), known as materialized (
    select f.person_key, f.new_driver is not null as is_new, f.any_high,
           coalesce(i.phone_norm, canon.normalise_phone(f.park_phone)) as phone, i.license_norm as license,
           coalesce(canon.full_name(d.full_name, d.first_name, d.middle_name, d.last_name),
                    canon.full_name(null, f.first_name, f.middle_name, f.last_name)) as full_name, f.linked
    from first f
    left join canon.drivers_index i on i.driver_id = f.new_driver
    -- By the match's id and not the index's: its collation is another, and would not use the upstream's key.
    left join public.drivers d on d.driver_id = f.new_driver
  ), made as (
    insert into canon.identity_registry (person_key, confidence_level, primary_phone, primary_license, primary_full_name)
    select person_key, 'HIGH', case when linked then phone end, case when linked then license end, case when linked then full_name end
    from known k where is_new and not exists (select from canon.identity_registry r where r.person_key = k.person_key)
    order by person_key
    returning person_key, coalesce(primary_phone, primary_license, primary_full_name) is not null as filled
  ), filled as (
    update canon.identity_registry r
    set primary_phone = coalesce(nullif(btrim(r.primary_phone), ''), k.phone),
        primary_license = coalesce(nullif(btrim(r.primary_license), ''), k.license),
        primary_full_name = coalesce(nullif(btrim(r.primary_full_name), ''), k.full_name),
        confidence_level = case when k.any_high then 'HIGH' else r.confidence_level end,
        updated_at = now()
    from known k
    where r.person_key = k.person_key and k.linked
      and ((coalesce(btrim(r.primary_phone), '') = '' and k.phone is not null)
        or (coalesce(btrim(r.primary_license), '') = '' and k.license is not null)
        or (coalesce(btrim(r.primary_full_name), '') = '' and k.full_name is not null)
        or (k.any_high and r.confidence_level is distinct from 'HIGH'))
    returning r.person_key
  )
  select (select count(*) from made where filled) + (select count(*) from filled) into v_filled;
  return v_filled;
end
$$;

comment on function canon.fill_persons(uuid[], integer[], text[], boolean[], boolean[]) is
  'Makes the persons that a run found, and fills what the known ones have blank; returns how many it filled.';
