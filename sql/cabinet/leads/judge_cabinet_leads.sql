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
  with lead as (
    select l.lead_id, l.lead_source_pk, own.person_key as own_person
    from unnest(p_lead_ids) wanted (id)
    join canon.v_cabinet_lead_keys l on l.lead_id = wanted.id
    left join canon.identity_links own on own.source_table = 'module_ct_cabinet_leads' and own.source_pk = l.lead_source_pk
  ), answer as materialized (
    -- The lead's id is the shortest key there is, and it passes through every step.
    select m.source_pk::integer as lead_id, m.rule, m.outcome, m.driver_id, m.score, m.evidence,
           array_position(array['R1_PHONE_EXACT', 'R2_LICENSE_EXACT', 'R3_PLATE_EXACT_NAME_SIMILAR', 'R3b', 'R4_CAR_FINGERPRINT_NAME_SIMILAR'], m.rule) as place
    from canon.match_identities('canon.v_cabinet_lead_keys', p_lead_ids, p_target_park) m
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
    -- A row per lead and answer, and one of a lead that no rule applies to. R3b finds persons and names no driver: it needs
    -- the driver's link, and has nothing for a lead that has a person.
    select l.lead_id, l.lead_source_pk, l.own_person, a.rule, a.place, a.score, a.driver_id, p.linked_person, p.known_person, a.evidence,
           case when p.known_person is null then canon.person_key_of_driver(a.driver_id) end as new_person,
           case
             when a.rule = 'R3b' and a.outcome = 'MATCHED' and l.own_person is not null then 'NO_CANDIDATES'
             when a.rule = 'R3b' and a.outcome = 'MATCHED' and p.linked_person is null then 'NO_PERSON_KEY'
             else coalesce(a.outcome, 'NO_CANDIDATES')
           end as outcome
    from lead l
    left join answer a on a.lead_id = l.lead_id
    left join driver_person p on p.driver_id = a.driver_id
  ), several as materialized (
    select lead_id from answer group by lead_id having count(*) > 1
  ), settled as materialized (
    -- Three leads in four have one answer, which needs no comparison; grouping all for the fourth would cost twice as much.
    -- Of the matches the one that scores highest, of equals the first. Without any the first answer is the reason: first and
    -- not smallest.
    select lead_id, max(10 * score - place) filter (where outcome = 'MATCHED') as best, min(place) as first,
           jsonb_object_agg(rule, evidence || case when driver_id is null then jsonb_build_object('outcome', outcome)
                                                   else jsonb_build_object('outcome', outcome, 'driver_id', driver_id) end) as rules,
           -- PostgreSQL before 18 knows no smallest uuid; as text they are ordered alike.
           min(coalesce(known_person, own_person, new_person)::text) filter (where outcome = 'MATCHED')
             <> max(coalesce(known_person, own_person, new_person)::text) filter (where outcome = 'MATCHED') as torn
    from judged
    where lead_id in (select lead_id from several)
    group by lead_id
  ), verdict as not materialized (
    select lead_id, lead_source_pk, own_person, outcome, rule, score, driver_id, linked_person, known_person, new_person,
           case when rule is null then '{}' else jsonb_build_object(rule, evidence || case
             when driver_id is null then jsonb_build_object('outcome', outcome)
             else jsonb_build_object('outcome', outcome, 'driver_id', driver_id) end) end as rules
    from judged
    where lead_id not in (select lead_id from several)
    union all
    select j.lead_id, j.lead_source_pk, j.own_person, case when s.torn then 'MULTIPLE_CANDIDATES' else j.outcome end,
           j.rule, j.score, j.driver_id, j.linked_person, j.known_person, j.new_person, s.rules
    from settled s
    join judged j on j.lead_id = s.lead_id and case when s.best is null then j.place = s.first else 10 * j.score - j.place = s.best end
  ), claimed as (
    -- A driver who is nobody yet becomes the person of the lead that has one; two such persons contradict each other.
    select driver_id, count(distinct own_person) as persons, (array_agg(own_person order by own_person))[1] as person_key
    from verdict
    where outcome = 'MATCHED' and known_person is null and own_person is not null
    group by driver_id
  )
  select
    v.lead_id,
    case when r.reason is null then 'MATCHED' else 'UNMATCHED' end,
    r.reason, m.rule, m.score,
    case when m.rule in ('R1_PHONE_EXACT', 'R2_LICENSE_EXACT') then 'HIGH' when m.rule = 'R4_CAR_FINGERPRINT_NAME_SIMILAR' then 'LOW' when m.rule is not null then 'MEDIUM' end::canon.confidence_level,
    m.driver_id, m.person_key,
    case when m.rule is null then null when v.linked_person is not null then 'DRIVER_LINK' when v.known_person is not null then 'REGISTRY'
         when m.person_key = v.new_person then 'NEW' else 'LEAD_LINK' end,
    m.rule <> 'R3b' and v.linked_person is null,
    v.rules
  from verdict v
  left join claimed c on c.driver_id = v.driver_id and v.known_person is null and v.outcome = 'MATCHED'
  left join lateral (
    select v.rule, v.score, v.driver_id, coalesce(v.known_person, c.person_key, v.new_person) as person_key where v.outcome = 'MATCHED'
  ) m on true
  cross join lateral (
    select case
      when v.outcome <> 'MATCHED' then v.outcome
      when c.persons > 1 or v.own_person <> m.person_key then 'PERSON_CONFLICT'
      -- Few are undone: they are read once and not looked up.
      when ('module_ct_cabinet_leads', v.lead_source_pk, m.person_key) in (select source_table, source_pk, person_key from canon.identity_link_undos)
        or ('drivers', v.driver_id, m.person_key) in (select source_table, source_pk, person_key from canon.identity_link_undos) then 'LINK_UNDONE'
    end as reason
  ) r;
end
$$;

comment on function canon.judge_cabinet_leads(integer[], text) is
  'What the rules make of each lead: MATCHED with person and driver, or UNMATCHED with the reason, and every rule''s answer.';
