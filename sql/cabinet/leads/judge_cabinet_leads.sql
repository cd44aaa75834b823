-- grain: one row per given lead
-- requires: canon.v_cabinet_lead_keys, canon.match_identities, canon.person_key_of_driver, canon.drivers_index, canon.identity_links, canon.identity_registry, canon.identity_link_undos
-- Pure: it reads the state before the run and writes nothing; the job writes what it says. It hands out ids and figures, so
-- that the jobs, which call it, see no name and no phone.
create or replace function canon.judge_cabinet_leads(p_lead_ids integer[], p_target_park text)
  returns table (
    lead_id integer, outcome text, reason text, rule text, score integer, confidence canon.confidence_level,
    driver_id text, person_key uuid, person_from text, link_driver boolean, rules jsonb)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set work_mem = '64MB'
as $$
#variable_conflict use_column
begin
  return query
  with lead as materialized (
    select k.*, own.person_key as own_person
    from unnest(p_lead_ids) wanted (id)
    join canon.v_cabinet_lead_keys k on k.lead_id = wanted.id
    left join canon.identity_links own on own.source_table = 'module_ct_cabinet_leads' and own.source_pk = k.lead_source_pk
  ), answer as materialized (
    select *, array_position(array['R1_PHONE_EXACT', 'R2_LICENSE_EXACT', 'R3_PLATE_EXACT_NAME_SIMILAR', 'R3b', 'R4_CAR_FINGERPRINT_NAME_SIMILAR'], rule) as place
    from canon.match_identities(
      (select array_agg(row(lead_source_pk, lead_date, phone, license, plate, tokens, brand, model)::canon.identity_keys) from lead),
      p_target_park)
  ), driver as materialized (
    select d.driver_id, i.phone_norm, i.license_norm, link.person_key as linked_person
    from (select distinct driver_id from answer where driver_id is not null) d
    join canon.drivers_index i on i.driver_id = d.driver_id
    left join canon.identity_links link on link.source_table = 'drivers' and link.source_pk = d.driver_id
  ), registered as (
    -- A key that two persons share tells neither.
    select d.driver_id, (array_agg(r.person_key))[1] as person_key, 1 as place
    from driver d
    join canon.identity_registry r on r.primary_phone is not null and canon.normalise_phone(r.primary_phone) = d.phone_norm
    where d.linked_person is null
    group by d.driver_id having count(*) = 1
    union all
    select d.driver_id, (array_agg(r.person_key))[1], 2
    from driver d
    join canon.identity_registry r on r.primary_license is not null and canon.normalise_license(r.primary_license) = d.license_norm
    where d.linked_person is null
    group by d.driver_id having count(*) = 1
  ), driver_person as materialized (
    select d.driver_id, d.linked_person, coalesce(d.linked_person, r.person_key) as known_person
    from driver d
    left join (select distinct on (driver_id) driver_id, person_key from registered order by driver_id, place) r on r.driver_id = d.driver_id
  ), judged as materialized (
    -- R3b finds persons and names no driver: it needs the driver's link, and has nothing for a lead that has a person.
    select l.lead_id, l.own_person, a.rule, a.place, a.score, a.driver_id, p.linked_person, p.known_person, a.evidence,
           coalesce(p.known_person, l.own_person, canon.person_key_of_driver(a.driver_id)) as person_key,
           case
             when a.rule = 'R3b' and a.outcome = 'MATCHED' and l.own_person is not null then 'NO_CANDIDATES'
             when a.rule = 'R3b' and a.outcome = 'MATCHED' and p.linked_person is null then 'NO_PERSON_KEY'
             else a.outcome
           end as outcome
    from lead l
    join answer a on a.source_pk = l.lead_source_pk
    left join driver_person p on p.driver_id = a.driver_id
  ), best as materialized (
    select distinct on (lead_id) * from judged where outcome = 'MATCHED' order by lead_id, score desc, place
  ), torn as (
    select distinct m.lead_id
    from judged m join best b on b.lead_id = m.lead_id
    where m.outcome = 'MATCHED' and m.person_key <> b.person_key
  ), claimed as (
    -- A driver who is nobody yet becomes the person of the lead that has one; two such persons contradict each other.
    select b.driver_id, count(distinct b.own_person) as persons, (array_agg(b.own_person order by b.own_person))[1] as person_key
    from best b
    where b.known_person is null and b.own_person is not null and b.lead_id not in (select lead_id from torn)
    group by b.driver_id
  ), winner as (
    select b.lead_id, b.rule, b.score, b.driver_id, b.own_person, b.linked_person, b.known_person, c.persons,
           case when b.known_person is null then coalesce(c.person_key, b.person_key) else b.known_person end as person_key
    from best b
    left join claimed c on c.driver_id = b.driver_id and b.known_person is null
    where b.lead_id not in (select lead_id from torn)
  ), first_answer as (
    select distinct on (lead_id) lead_id, outcome from judged order by lead_id, place
  ), explained as (
    select lead_id, jsonb_object_agg(rule, evidence || jsonb_build_object('outcome', outcome)
             || case when driver_id is not null then jsonb_build_object('driver_id', driver_id) else '{}' end) as rules
    from judged group by lead_id
  )
  select
    l.lead_id,
    case when v.reason is null then 'MATCHED' else 'UNMATCHED' end,
    v.reason, w.rule, w.score,
    case when w.rule in ('R1_PHONE_EXACT', 'R2_LICENSE_EXACT') then 'HIGH' when w.rule = 'R4_CAR_FINGERPRINT_NAME_SIMILAR' then 'LOW' when w.rule is not null then 'MEDIUM' end::canon.confidence_level,
    w.driver_id, w.person_key,
    case when w.linked_person is not null then 'DRIVER_LINK' when w.known_person is not null then 'REGISTRY'
         when w.person_key = canon.person_key_of_driver(w.driver_id) then 'NEW' when w.person_key is not null then 'LEAD_LINK' end,
    w.rule <> 'R3b' and w.linked_person is null,
    coalesce(e.rules, '{}')
  from lead l
  left join winner w on w.lead_id = l.lead_id
  left join torn t on t.lead_id = l.lead_id
  left join first_answer f on f.lead_id = l.lead_id
  left join explained e on e.lead_id = l.lead_id
  cross join lateral (
    select case
      when t.lead_id is not null then 'MULTIPLE_CANDIDATES'
      when w.lead_id is null then coalesce(f.outcome, 'NO_CANDIDATES')
      when w.persons > 1 or l.own_person <> w.person_key then 'PERSON_CONFLICT'
      when exists (
        select from canon.identity_link_undos u
        where (u.source_table, u.source_pk, u.person_key) = ('module_ct_cabinet_leads', l.lead_source_pk, w.person_key)
           or (u.source_table, u.source_pk, u.person_key) = ('drivers', w.driver_id, w.person_key)
      ) then 'LINK_UNDONE'
    end as reason
  ) v;
end
$$;

comment on function canon.judge_cabinet_leads(integer[], text) is
  'What the rules make of each lead: MATCHED with person and driver, or UNMATCHED with the reason, and every rule''s answer.';
