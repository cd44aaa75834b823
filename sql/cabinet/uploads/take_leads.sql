-- grain: one row, the counts; the staged leads' rows become leads, or are told apart from those that are there
-- requires: ops.staged_leads, ops.upload_rejects, public.module_ct_cabinet_leads
-- A lead is its external_id. One without is when and who: lead_created_at, names, phone and plate; of several such rows
-- each stands for one lead. Only the columns that the file has are compared. Nothing here depends on the order of lines.
create or replace function ops.take_leads(
  p_upload_id uuid, p_columns text[], p_dry_run boolean,
  out inserted bigint, out ignored bigint, out different bigint, out rejected bigint, out first_date date, out last_date date
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  v_unwritten bigint;
  v_keyless bigint;
begin
  analyze ops.staged_leads;
  with twice as (
    select s.external_id from ops.staged_leads s where s.external_id is not null group by s.external_id having count(*) > 1
  ), known as materialized (
    select distinct on (s.line)
      s.line,
      -- Nearly all of a file that is handed in again is as it was: which columns differ is worked out for the others.
      case when (
          s.lead_created_at, s.first_name, s.middle_name, s.last_name, s.park_phone, s.asset_plate_number, s.asset_model, s.asset_color,
          s.park_name, s.status, s.tariff, s.target_city, s.activation_city, s.active_1, s.active_5, s.active_10, s.active_15,
          s.active_25, s.active_50, s.active_100, s.last_active_date
        ) is distinct from (
          l.lead_created_at, l.first_name, l.middle_name, l.last_name, l.park_phone, l.asset_plate_number, l.asset_model, l.asset_color,
          l.park_name, l.status, l.tariff, l.target_city, l.activation_city, l.active_1, l.active_5, l.active_10, l.active_15,
          l.active_25, l.active_50, l.active_100, l.last_active_date
        ) then (
          select string_agg(c.key, ', ' order by array_position(p_columns, c.key))
          from jsonb_each(to_jsonb(s) - 'line') c
          where c.key = any (p_columns) and c.value is distinct from to_jsonb(l) -> c.key
        ) end as fields
    from ops.staged_leads s
    join public.module_ct_cabinet_leads l on l.external_id = s.external_id
    order by s.line, fields nulls first
  ), repeated as materialized (
    -- The file contradicts itself where these differ: no line of it is more right than another.
    select r.line, r.place, min(r.content) over same_key <> max(r.content) over same_key as contradicted
    from (
      select s.line, s.external_id, (to_jsonb(s) - 'line')::text as content,
             row_number() over (partition by s.external_id order by s.line) as place
      from ops.staged_leads s join twice using (external_id)
    ) r
    window same_key as (partition by r.external_id)
  ), keyless as materialized (
    select k.line, k.who, k.content, row_number() over (partition by k.who, k.content order by k.line) as copy
    from (
      select
        s.line,
        jsonb_build_array(s.lead_created_at, s.first_name, s.middle_name, s.last_name, s.park_phone, s.asset_plate_number) as who,
        (select jsonb_object_agg(c.key, c.value) from jsonb_each(to_jsonb(s)) c
         where c.key = any (p_columns) and c.key <> 'external_id') as content
      from ops.staged_leads s
      where s.external_id is null
    ) k
  ), held as materialized (
    select h.who, h.content, count(*) as copies
    from (
      select
        jsonb_build_array(
          l.lead_created_at,
          case when 'first_name' = any (p_columns) then l.first_name end,
          case when 'middle_name' = any (p_columns) then l.middle_name end,
          case when 'last_name' = any (p_columns) then l.last_name end,
          case when 'park_phone' = any (p_columns) then l.park_phone end,
          case when 'asset_plate_number' = any (p_columns) then l.asset_plate_number end
        ) as who,
        (select jsonb_object_agg(c.key, c.value) from jsonb_each(to_jsonb(l)) c
         where c.key = any (p_columns) and c.key <> 'external_id') as content
      from public.module_ct_cabinet_leads l
      where coalesce(l.external_id, '') = ''
        and l.lead_created_at in (select s.lead_created_at from ops.staged_leads s where s.external_id is null)
    ) h
    group by h.who, h.content
  ), paired as (
    -- Each row of the table is one of the file's, if it is any: first those that are the same, then those of the same who.
    select k.line, k.who, k.content, k.copy <= coalesce(h.copies, 0) as same
    from keyless k left join held h on h.who = k.who and h.content = k.content
  ), spare as (
    -- Grouped on both sides: asked row by row it would be every row of the one with every row of the other.
    select h.who, h.copies - coalesce(p.same, 0) as copies
    from (select who, sum(copies) as copies from held group by who) h
    left join (select who, count(*) filter (where same) as same from paired group by who) p on p.who = h.who
  ), judged as materialized (
    select
      s.line, s.lead_created_at,
      case
        when k.line is not null then case when k.fields is null then 'ignored' else 'different' end
        when r.contradicted then 'contradicted'
        when r.place > 1 then 'ignored'
        else 'inserted'
      end as verdict,
      coalesce(k.fields, case when r.contradicted then 'external_id' end) as fields,
      false as keyless
    from ops.staged_leads s
    left join known k on k.line = s.line
    left join repeated r on r.line = s.line
    where s.external_id is not null
    union all
    select o.line, o.lead_created_at, case when o.same then 'ignored' when o.place <= coalesce(p.copies, 0) then 'different' else 'inserted' end, null, true
    from (
      select p.line, p.who, (p.who ->> 0)::timestamp as lead_created_at, p.same,
             row_number() over (partition by p.who, p.same order by p.content, p.line) as place
      from paired p
    ) o
    left join spare p on p.who = o.who
  ), written as (
    insert into public.module_ct_cabinet_leads (
      external_id, lead_created_at, first_name, middle_name, last_name, park_phone, asset_plate_number, asset_model, asset_color,
      park_name, status, tariff, target_city, activation_city,
      active_1, active_5, active_10, active_15, active_25, active_50, active_100, last_active_date
    )
    select
      s.external_id, s.lead_created_at, s.first_name, s.middle_name, s.last_name, s.park_phone, s.asset_plate_number, s.asset_model, s.asset_color,
      s.park_name, s.status, s.tariff, s.target_city, s.activation_city,
      s.active_1, s.active_5, s.active_10, s.active_15, s.active_25, s.active_50, s.active_100, s.last_active_date
    from judged j
    join ops.staged_leads s on s.line = j.line
    where j.verdict = 'inserted' and not p_dry_run
    -- The ids that they get are the keys of those without external_id: let them not depend on the order of lines.
    order by s.lead_created_at, s.external_id, s.first_name, s.middle_name, s.last_name, s.park_phone, s.asset_plate_number, s.line
    on conflict do nothing
    returning external_id is null as keyless
  ), listed as (
    insert into ops.upload_rejects (upload_id, line, verdict, field, rule)
    select p_upload_id, j.line, j.verdict, j.fields,
           case
             when j.verdict = 'contradicted' then 'is on several lines of the file, with different content'
             when j.fields is null then 'a lead of this moment, name, phone and plate is there with other content, which stays'
             else 'the lead is there with other content, which stays'
           end
    from judged j
    where j.verdict in ('different', 'contradicted')
  )
  select
    case when p_dry_run then count(*) filter (where j.verdict = 'inserted') else (select count(*) from written) end,
    count(*) filter (where j.verdict = 'ignored')
      + case when p_dry_run then 0 else count(*) filter (where j.verdict = 'inserted') - (select count(*) from written) end,
    count(*) filter (where j.verdict = 'different'),
    count(*) filter (where j.verdict = 'contradicted'),
    min(j.lead_created_at) filter (where j.verdict <> 'contradicted')::date,
    max(j.lead_created_at) filter (where j.verdict <> 'contradicted')::date,
    count(*) filter (where j.verdict = 'inserted') - (select count(*) from written),
    count(*) filter (where j.verdict = 'inserted' and j.keyless) - (select count(*) from written w where w.keyless)
  into inserted, ignored, different, rejected, first_date, last_date, v_unwritten, v_keyless
  from judged j;

  -- What stands in a row's way may be the same lead, which somebody added meanwhile. Otherwise it is an id that is taken already,
  -- and a row that would be lost is not to be counted as one that is there.
  if v_unwritten > 0 and not p_dry_run and (v_keyless > 0 or exists (
    select from ops.staged_leads s
    where s.external_id is not null
      and not exists (select from public.module_ct_cabinet_leads l where l.external_id = s.external_id)
      and not exists (select from ops.upload_rejects r where r.upload_id = p_upload_id and r.line = s.line)
  )) then
    raise exception 'the ids that public.module_ct_cabinet_leads gives are taken: its sequence is behind its rows'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;

comment on function ops.take_leads is 'Adds the staged leads that are not there yet, and lists those that are there with other content.';
