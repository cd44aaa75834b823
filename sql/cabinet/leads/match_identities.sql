-- grain: one row per given key and rule that applies to it
-- requires: canon.drivers_index, canon.name_similarity, canon.read_identity_keys
-- Pure: it reads the keys and the index of drivers and nothing else, and writes nothing. A rule applies when the key has what it needs;
-- R3b, when R3 found no driver and the plate has some all the same.
-- R1 and R2 count drivers per phone and licence, not per pair: what a thousand leads and drivers share costs no million.
-- Similarity of two sets of words: (i/u + i/m) / 2, where i is what they share, u what they have together, m the larger. It
-- is kept as the fraction n/d = i(u+m) / 2um and compared in whole numbers. Only the order uses its quotient: doubles are
-- alike for equal fractions, and apart for unequal ones while d stays below 2^26; names of 200 characters stay below 2^16.
create or replace function canon.match_identities(p_keys regclass, p_ids integer[], p_target_park text)
  returns table (source_pk text, rule text, outcome text, driver_id text, score integer, evidence jsonb)
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp set work_mem = '64MB'
as $$
#variable_conflict use_column
begin
  return query
  with key as materialized (
    select k.source_pk, k.snapshot_date, k.phone, k.license, k.plate, k.tokens, k.brand, k.model from canon.read_identity_keys(p_keys, p_ids) k
  ), hit as materialized (
    select 'R1_PHONE_EXACT' as rule, d.phone_norm as value,
           count(*) filter (where d.park_id = p_target_park) as in_target,
           count(*) filter (where d.park_id <> p_target_park) as elsewhere,
           min(d.driver_id::text) filter (where d.park_id = p_target_park) as target_driver,
           min(d.driver_id::text) filter (where d.park_id <> p_target_park) as other_driver
    from canon.drivers_index d
    where d.phone_norm in (select phone from key where phone is not null)
    group by d.phone_norm
    union all
    select 'R2_LICENSE_EXACT', d.license_norm,
           count(*) filter (where d.park_id = p_target_park), count(*) filter (where d.park_id <> p_target_park),
           min(d.driver_id::text) filter (where d.park_id = p_target_park),
           min(d.driver_id::text) filter (where d.park_id <> p_target_park)
    from canon.drivers_index d
    where d.license_norm in (select license from key where license is not null)
    group by d.license_norm
  ), named as (
    -- Of those that cannot be told apart the first three are named.
    select n.rule, n.value, jsonb_agg(jsonb_build_object('driver_id', n.driver_id, 'park_id', n.park_id) order by n.driver_id) as candidates
    from (
      select h.rule, h.value, d.driver_id, d.park_id, row_number() over (partition by h.rule, h.value order by d.driver_id) as place
      from hit h
      join canon.drivers_index d
        on d.phone_norm = h.value and case when h.in_target > 0 then d.park_id = p_target_park else d.park_id <> p_target_park end
      where h.rule = 'R1_PHONE_EXACT' and case when h.in_target > 0 then h.in_target else h.elsewhere end > 1
      union all
      select h.rule, h.value, d.driver_id, d.park_id, row_number() over (partition by h.rule, h.value order by d.driver_id)
      from hit h
      join canon.drivers_index d
        on d.license_norm = h.value and case when h.in_target > 0 then d.park_id = p_target_park else d.park_id <> p_target_park end
      where h.rule = 'R2_LICENSE_EXACT' and case when h.in_target > 0 then h.in_target else h.elsewhere end > 1
    ) n
    where n.place <= 3
    group by n.rule, n.value
  ), hit_judged as (
    -- In the target park first; elsewhere only when nobody there has it. A driver without park counts nowhere.
    select h.rule, h.value,
           case when h.in_target = 1 or (h.in_target = 0 and h.elsewhere = 1) then coalesce(h.target_driver, h.other_driver) end as driver_id,
           h.in_target + h.elsewhere as found,
           -- Nearly all are the first case: a constant costs nothing.
           case
             when h.in_target = 1 and h.elsewhere = 0 then '{"in_target_park": 1, "elsewhere": 0}'
             when n.candidates is null then jsonb_build_object('in_target_park', h.in_target, 'elsewhere', h.elsewhere)
             else jsonb_build_object('in_target_park', h.in_target, 'elsewhere', h.elsewhere, 'candidates', n.candidates)
           end as evidence
    from hit h
    left join named n on n.rule = h.rule and n.value = h.value
  ), exact as (
    select k.source_pk, 'R1_PHONE_EXACT' as rule, 95 as score, k.phone as value from key k where k.phone is not null
    union all
    select k.source_pk, 'R2_LICENSE_EXACT', 92, k.license from key k where k.license is not null
  ), pair as materialized (
    -- What a key has not is asked once: planned as if it had, the drivers would be sorted for nobody.
    select k.source_pk, 'PLATE' as kind, d.driver_id, s.n, s.d,
           d.hire_date is null or d.hire_date between k.snapshot_date - 90 and k.snapshot_date + 30 as in_time
    from key k
    join canon.drivers_index d on d.plate_norm = k.plate and d.park_id = p_target_park
    cross join lateral canon.name_similarity(k.tokens, d.name_tokens) s
    where k.tokens is not null
    union all
    select k.source_pk, 'CAR', d.driver_id, s.n, s.d, true
    from key k
    join canon.drivers_index d on d.brand_norm = k.brand and d.model_norm = k.model and d.park_id = p_target_park
      and (d.hire_date is null or d.hire_date between k.snapshot_date - 30 and k.snapshot_date + 7)
    cross join lateral canon.name_similarity(k.tokens, d.name_tokens) s
    where k.tokens is not null and (select bool_or(brand is not null) from key)
  ), crowd as materialized (
    -- Nine keys in ten have one pair, which is the best there is: only the others need to be ranked.
    select source_pk, kind from pair group by source_pk, kind having count(*) > 1
  ), timed as (
    select p.*, bool_or(p.in_time) over (partition by p.source_pk, p.kind) as any_in_time
    from pair p where (p.source_pk, p.kind) in (select source_pk, kind from crowd)
  ), placed as materialized (
    -- A key's pairs with a plate belong to R3 or, when none is in time, to R3b: never to both.
    select t.source_pk, t.kind, t.any_in_time, t.driver_id, t.n, t.d, 100 * t.n >= 66 * t.d as passes,
           row_number() over ranked as place, lead(t.n) over ranked as next_n, lead(t.d) over ranked as next_d,
           count(*) over (partition by t.source_pk, t.kind) as found
    from timed t
    where t.in_time or not t.any_in_time
    window ranked as (partition by t.source_pk, t.kind order by t.n::float8 / t.d desc, t.driver_id)
  ), others as (
    select o.source_pk, o.kind, jsonb_agg(jsonb_build_object(
             'driver_id', o.driver_id, 'similarity', round(o.n::numeric / o.d, 4)::text) || case
             when o.passes then '{}' else jsonb_build_object('below_threshold_by', round(0.66 - o.n::numeric / o.d, 4)::text) end
             order by o.place) as candidates
    from placed o
    where o.place <= 3 and o.found > 1
    group by o.source_pk, o.kind
  ), alike as materialized (
    select
      b.source_pk,
      case when b.kind = 'CAR' then 'R4_CAR_FINGERPRINT_NAME_SIMILAR' when b.any_in_time then 'R3_PLATE_EXACT_NAME_SIMILAR' else 'R3b' end as rule,
      case
        when not b.passes then 'WEAK_MATCH_ONLY'
        when 100 * b.next_n >= 66 * b.next_d and 20 * (b.n * b.next_d - b.next_n * b.d) < 3 * b.d * b.next_d then 'MULTIPLE_CANDIDATES'
        else 'MATCHED'
      end as outcome,
      b.driver_id,
      case when b.kind = 'CAR' then 75 when b.any_in_time then 85 else (100 * b.n / b.d)::integer end as score,
      case
        when b.next_n is not null then jsonb_build_object('found', b.found, 'similarity', round(b.n::numeric / b.d, 4)::text) || case
          when not b.passes then jsonb_build_object('below_threshold_by', round(0.66 - b.n::numeric / b.d, 4)::text) else '{}' end
          || jsonb_build_object('margin', round(b.n::numeric / b.d - b.next_n::numeric / b.next_d, 4)::text, 'candidates', b.candidates)
        when b.n = b.d then '{"found": 1, "similarity": "1.0000"}'
        when b.passes then jsonb_build_object('found', b.found, 'similarity', round(b.n::numeric / b.d, 4)::text)
        else jsonb_build_object('found', b.found, 'similarity', round(b.n::numeric / b.d, 4)::text,
                                'below_threshold_by', round(0.66 - b.n::numeric / b.d, 4)::text)
      end as evidence
    from (
      select p.source_pk, p.kind, p.in_time as any_in_time, p.driver_id, p.n, p.d, 100 * p.n >= 66 * p.d as passes,
             null::bigint as next_n, null::bigint as next_d, 1::bigint as found, null::jsonb as candidates
      from pair p where (p.source_pk, p.kind) not in (select source_pk, kind from crowd)
      union all
      select f.source_pk, f.kind, f.any_in_time, f.driver_id, f.n, f.d, f.passes, f.next_n, f.next_d, f.found, o.candidates
      from placed f left join others o on o.source_pk = f.source_pk and o.kind = f.kind
      where f.place = 1
    ) b
  )
  select e.source_pk, e.rule,
         case when coalesce(h.found, 0) = 0 then 'NO_CANDIDATES' when h.driver_id is null then 'MULTIPLE_CANDIDATES' else 'MATCHED' end,
         h.driver_id, e.score, coalesce(h.evidence, '{"in_target_park": 0, "elsewhere": 0}')
  from exact e
  left join hit_judged h on h.rule = e.rule and h.value = e.value
  union all
  select s.source_pk, s.rule, s.outcome, case when s.outcome = 'MATCHED' then s.driver_id end, s.score, s.evidence
  from alike s
  union all
  select k.source_pk, 'R3_PLATE_EXACT_NAME_SIMILAR', 'NO_CANDIDATES', null, 85, '{"found": 0}'
  from key k
  where k.plate is not null and k.tokens is not null
    and not exists (select from alike s where s.source_pk = k.source_pk and s.rule = 'R3_PLATE_EXACT_NAME_SIMILAR')
  union all
  select k.source_pk, 'R4_CAR_FINGERPRINT_NAME_SIMILAR', 'NO_CANDIDATES', null, 75, '{"found": 0}'
  from key k
  where k.brand is not null and k.model is not null and k.tokens is not null
    and not exists (select from alike s where s.source_pk = k.source_pk and s.rule = 'R4_CAR_FINGERPRINT_NAME_SIMILAR');
end
$$;

comment on function canon.match_identities(regclass, integer[], text) is
  'Every rule''s answer for every key: the driver, or why there is none, with what was found and by how much it failed.';
