-- grain: one row, the counts; the staged rows become the payer's rows
-- requires: ops.staged_payments, ops.upload_rejects, public.module_ct_cabinet_payments
-- A payment is the payer's own id. Only the columns that the file has are compared; the order of lines plays no part.
create or replace function ops.take_payments(
  p_upload_id uuid, p_columns text[], p_dry_run boolean,
  out inserted bigint, out ignored bigint, out different bigint, out rejected bigint, out first_date date, out last_date date
)
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  analyze ops.staged_payments;
  with twice as (
    select s.id from ops.staged_payments s group by s.id having count(*) > 1
  ), known as materialized (
    select
      s.line,
      (select string_agg(c.key, ', ' order by array_position(p_columns, c.key))
       from jsonb_each(to_jsonb(s) - 'line') c
       where c.key = any (p_columns) and c.value is distinct from to_jsonb(p) -> c.key) as fields
    from ops.staged_payments s
    join public.module_ct_cabinet_payments p on p.id = s.id
  ), repeated as materialized (
    select r.line, r.place, min(r.content) over same_key <> max(r.content) over same_key as contradicted
    from (
      select s.line, s.id, (to_jsonb(s) - 'line')::text as content, row_number() over (partition by s.id order by s.line) as place
      from ops.staged_payments s join twice using (id)
    ) r
    window same_key as (partition by r.id)
  ), judged as materialized (
    select
      s.line, s.date,
      case
        when k.line is not null then case when k.fields is null then 'ignored' else 'different' end
        when r.contradicted then 'contradicted'
        when r.place > 1 then 'ignored'
        else 'inserted'
      end as verdict,
      coalesce(k.fields, case when r.contradicted then 'id' end) as fields
    from ops.staged_payments s
    left join known k on k.line = s.line
    left join repeated r on r.line = s.line
  ), written as (
    insert into public.module_ct_cabinet_payments (
      id, date, "time", scout_id, driver, trip_1, trip_5, trip_25, created_at, updated_at, driver_id
    )
    select s.id, s.date, s."time", s.scout_id, s.driver, s.trip_1, s.trip_5, s.trip_25, s.created_at, s.updated_at, s.driver_id
    from judged j
    join ops.staged_payments s on s.line = j.line
    where j.verdict = 'inserted' and not p_dry_run
    order by s.id
    on conflict do nothing
    returning 1
  ), listed as (
    insert into ops.upload_rejects (upload_id, line, verdict, field, rule)
    select p_upload_id, j.line, j.verdict, j.fields,
           case when j.verdict = 'contradicted' then 'is on several lines of the file, with different content'
                else 'the payment is there with other content, which stays' end
    from judged j
    where j.verdict in ('different', 'contradicted')
  )
  select
    case when p_dry_run then count(*) filter (where j.verdict = 'inserted') else (select count(*) from written) end,
    count(*) filter (where j.verdict = 'ignored')
      + case when p_dry_run then 0 else count(*) filter (where j.verdict = 'inserted') - (select count(*) from written) end,
    count(*) filter (where j.verdict = 'different'),
    count(*) filter (where j.verdict = 'contradicted'),
    min(j.date) filter (where j.verdict <> 'contradicted'),
    max(j.date) filter (where j.verdict <> 'contradicted')
  into inserted, ignored, different, rejected, first_date, last_date
  from judged j;
end
$$;

comment on function ops.take_payments is 'Adds the staged payments that are not there yet, and lists those that are there with other content.';
