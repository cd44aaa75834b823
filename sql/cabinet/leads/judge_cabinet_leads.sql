-- grain: one row per given lead
-- requires: canon.v_cabinet_lead_keys, canon.match_identities, canon.person_key_of_driver, canon.drivers_index, canon.identity_links, canon.identity_registry, canon.identity_link_undos
-- Pure: it reads the state before the run and writes nothing; the job writes what it says. It hands out ids and figures, so
-- that the jobs, which call it, see no name and no phone.
create or replace function canon.judge_cabinet_leads(p_lead_ids integer[], p_target_park text)
  returns table (
    lead_id integer, outcome text, reason text, rule text, score integer, confidence canon.confidence_level,
    driver_id text, person_key uuid, person_from text, link_driver boolean, rules jsonb)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set work_mem = '64MB' set enable_nestloop = on
as $$
#variable_conflict use_column
begin
  -- What comes out of the rules has no statistics: the planner takes it for 200 drivers and looks each one up. Of 2,000 leads
  -- that is right; of 300,000 it took a quarter of the time. Until this function ends.
  if cardinality(p_lead_ids) > 50000 then
    perform set_config('enable_nestloop', 'off', true);
  end if;
  return query
  with lead as materialized (
    select l.lead_id, l.lead_source_pk, own.person_key as own_person
    from unnest(p_lead_ids) wanted (id)
    join canon.v_cabinet_lead_keys l on l.lead_id = wanted.id
    left join canon.identity_links own on own.source_table = 'module_ct_cabinet_leads' and own.source_pk = l.lead_source_pk
  ), answer as materialized (
    -- The lead's id is the shortest key there is, and it passes through every step.
    select m.source_pk::integer as lead_id, m.rule, m.outcome, m.driver_id, m.score, m.evidence,
           array_position(array['R1_PHONE_EXACT', 'R2_LICENSE_EXACT', 'R3_PLATE_EXACT_NAME_SIMILAR', 'R3b', 'R4_CAR_FINGERPRINT_NAME_SIMILAR'], m.rule) as place
    from canon.match_identities((
      select array_agg(row(k.lead_id::text, k.lead_date, k.phone, k.license, k.plate, k.tokens, k.brand, k.model)::canon.identity_keys)
      from unnest(p_lead_ids) wanted (id)
      join canon.v_cabinet_lead_keys k on k.lead_id = wanted.id
    ), p_target_park) m
  ), driver as materialized (
    select d.driver_id, link.person_key as linked_person
    from (select distinct driver_id from answer where driver_id is not null) d
    left join canon.identity_links link on link.source_table = 'drivers' and link.source_pk = d.driver_id
  ), registered as (
    -- A key that two persons share tells neither.
    select d.driver_id, (array_agg(r.person_key))[1] as person_key, 1 as place
    from driver d
    join canon.drivers_index i on i.driver_id = d.driver_id
    join canon.identity_registry r on r.primary_phone is not null and canon.normalise_phone(r.primary_phone) = i.phone_norm
    where d.linked_person is null
    group by d.driver_id having count(*) = 1
    union all
    select d.driver_id, (array_agg(r.person_key))[1], 2
    from driver d
    join canon.drivers_index i on i.driver_id = d.driver_id
    join canon.identity_registry r on r.primary_license is not null and canon.normalise_license(r.primary_license) = i.license_norm
    where d.linked_person is null
    group by d.driver_id having count(*) = 1
  ), driver_person as materialized (
    select d.driver_id, d.linked_person, coalesce(d.linked_person, r.person_key) as known_person
    from driver d
    left join (select distinct on (driver_id) driver_id, person_key from registered order by driver_id, place) r on r.driver_id = d.driver_id
  ), judged as materialized (
    -- R3b finds persons and names no driver: it needs the driver's link, and has nothing for a lead that has a person.
    select a.lead_id, l.own_person, a.rule, a.place, a.score, a.driver_id, p.linked_person, p.known_person, a.evidence,
           coalesce(p.known_person, l.own_person, canon.person_key_of_driver(a.driver_id)) as person_key,
           case
             when a.rule = 'R3b' and a.outcome = 'MATCHED' and l.own_person is not null then 'NO_CANDIDATES'
             when a.rule = 'R3b' and a.outcome = 'MATCHED' and p.linked_person is null then 'NO_PERSON_KEY'
             else a.outcome
           end as outcome
    from lead l
    join answer a on a.lead_id = l.lead_id
    left join driver_person p on p.driver_id = a.driver_id
  ), several as materialized (
    select lead_id from answer group by lead_id having count(*) > 1
  ), best as (
    select distinct on (lead_id) * from judged
    where outcome = 'MATCHED' and lead_id in (select lead_id from several)
    order by lead_id, score desc, place
  ), together as (
    -- First and not smallest: of the rules that apply the first one's answer is the reason.
    select lead_id, (array_agg(outcome order by place))[1] as outcome,
           jsonb_object_agg(rule, evidence || case when driver_id is null then jsonb_build_object('outcome', outcome)
                                                   else jsonb_build_object('outcome', outcome, 'driver_id', driver_id) end) as rules,
           -- PostgreSQL before 18 knows no smallest uuid; as text they are ordered alike.
           min(person_key::text) filter (where outcome = 'MATCHED') <> max(person_key::text) filter (where outcome = 'MATCHED') as torn
    from judged
    where lead_id in (select lead_id from several)
    group by lead_id
  ), verdict as materialized (
    -- Three leads in four have one answer, which needs no comparison; sorting all for the fourth would cost twice as much.
    select j.lead_id, j.own_person, j.outcome, false as torn, j.outcome = 'MATCHED' as matched,
           j.rule, j.score, j.driver_id, j.linked_person, j.known_person, j.person_key,
           jsonb_build_object(j.rule, j.evidence || case
             when j.driver_id is null then jsonb_build_object('outcome', j.outcome)
             else jsonb_build_object('outcome', j.outcome, 'driver_id', j.driver_id) end) as rules
    from judged j
    where j.lead_id not in (select lead_id from several)
    union all
    select t.lead_id, b.own_person, t.outcome, coalesce(t.torn, false), b.lead_id is not null and not t.torn,
           b.rule, b.score, b.driver_id, b.linked_person, b.known_person, b.person_key, t.rules
    from together t
    left join best b on b.lead_id = t.lead_id
  ), claimed as (
    -- A driver who is nobody yet becomes the person of the lead that has one; two such persons contradict each other.
    select driver_id, count(distinct own_person) as persons, (array_agg(own_person order by own_person))[1] as person_key
    from verdict
    where matched and known_person is null and own_person is not null
    group by driver_id
  ), winner as (
    select v.lead_id, v.rule, v.score, v.driver_id, v.linked_person, v.known_person, c.persons,
           case when v.known_person is null then coalesce(c.person_key, v.person_key) else v.known_person end as person_key
    from verdict v
    left join claimed c on c.driver_id = v.driver_id and v.known_person is null
    where v.matched
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
    coalesce(v0.rules, '{}')
  from lead l
  left join verdict v0 on v0.lead_id = l.lead_id
  left join winner w on w.lead_id = l.lead_id
  cross join lateral (
    select case
      when v0.torn then 'MULTIPLE_CANDIDATES'
      when w.lead_id is null then coalesce(v0.outcome, 'NO_CANDIDATES')
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
