import * as z from 'zod';
import type { Sql } from '../core/database.ts';

const byReason = z.record(z.string(), z.int());

const loaded = z.strictObject({
  source_rows: z.int(),
  facts_inserted: z.int(),
  facts_updated: z.int(),
  facts_unchanged: z.int(),
  facts_removed: z.int(),
  /** First seen by this load; only reasons that occurred. */
  rejects_new: byReason,
  /** Known ones that left the source, or won their day after all. */
  rejects_removed: z.int(),
  /** After this load, every reason. */
  rejects_total: byReason,
});

const watermark = z.strictObject({ since: z.string().nullable() });

/** What a load did, and `since`: rows were read from here on, by the upstream's created_at; null when all were. */
export type Loaded = z.infer<typeof loaded> & z.infer<typeof watermark>;

/**
 * Brings canon.driver_day_trips and canon.trip_rejects up to what public.summary_daily says. The upstream has no key
 * and no order but created_at: what is newer than the last load, less an overlap, is read again, and every
 * (driver, day) that it touches is decided anew from all its rows. docs/cabinet.md, "Loading trips".
 */
export async function loadTrips(
  sql: Sql,
  jobRunId: string,
  dryRun: boolean,
  overlapDays: number,
): Promise<Loaded> {
  // A statement of its own: only a value that the planner sees tells it that 33,000 of 20,000,000 rows are meant. As a
  // subselect it is taken for a third of them, and both tables are hashed: 98 s instead of 2.
  // A moment in the future (a clock gone wrong) must not keep out for good the rows that come before it.
  const [last] = await sql(watermark)`
    select least(max(newest) - make_interval(days => ${overlapDays}::integer), case when max(newest) is not null then (
      -- A file may bring rows older than what was loaded: since the load before this one, less what one transaction may last.
      select min(u.oldest_created_at) from ops.uploads u
      where u.dataset = 'trips' and u.uploaded_at > coalesce((
        select max(j.started_at) from ops.job_runs j join ops.runs r using (run_id)
        where j.job = 'cabinet.trips-load' and j.status = 'succeeded' and not r.dry_run
      ), '-infinity') - interval '1 hour'
    ) end)::text as since
    from (
      select max(source_created_at) as newest from canon.driver_day_trips where source_created_at < localtimestamp + interval '1 day'
      union all
      select max(source_created_at) from canon.trip_rejects where source_created_at < localtimestamp + interval '1 day'
    ) newest`;
  const since = last?.since ?? null;
  const [row] = await sql(loaded)`
    with incoming as materialized (
      select driver_id, date_file, count_orders_completed, sum_work_time_seconds, created_at
      from public.summary_daily
      where ${since}::timestamp is null or created_at is null or created_at >= ${since}::timestamp
    ),
    -- Each distinct text is parsed once, however many rows carry it. CASE and not AND: a cast must not see what is no number.
    calendar as materialized (
      select
        date_file,
        shaped,
        case
          when not shaped then null
          when month not between 1 and 12 or year < 1 then null
          when day not between 1 and case
            when month in (4, 6, 9, 11) then 30
            when month <> 2 then 31
            when year % 4 = 0 and (year % 100 <> 0 or year % 400 = 0) then 29
            else 28
          end then null
          else make_date(year, month, day)
        end as trip_date
      from (
        select
          date_file,
          shaped,
          case when shaped then substr(date_file, 1, 2)::int end as day,
          case when shaped then substr(date_file, 4, 2)::int end as month,
          case when shaped then substr(date_file, 7, 4)::int end as year
        from (
          select date_file, date_file ~ '^[0-9]{2}-[0-9]{2}-[0-9]{4}$' as shaped
          from (select distinct date_file from incoming where date_file is not null) texts
        ) shapes
      ) parts
    ), classified as not materialized (
      select
        i.driver_id, i.date_file, i.count_orders_completed, i.sum_work_time_seconds, i.created_at,
        c.trip_date,
        case
          when i.date_file is null then 'NULL_DATE'
          when not c.shaped then 'BAD_SHAPE'
          when c.trip_date is null then 'IMPOSSIBLE_DATE'
          when coalesce(i.driver_id, '') = '' then 'NULL_DRIVER'
          when coalesce(i.count_orders_completed, -1) < 0 then 'NEGATIVE_OR_NULL_COUNT'
        end as reason
      from incoming i
      left join calendar c on c.date_file = i.date_file
    ),
    -- The days to decide again: those with a row in the window, and those whose row in the window may have left. Reading
    -- everything needs no list of them.
    touched as materialized (
      select driver_id, trip_date from classified where reason is null and ${since}::timestamp is not null
      union
      select driver_id, trip_date from canon.driver_day_trips
      where ${since}::timestamp is not null and (source_created_at >= ${since}::timestamp or source_created_at is null)
      union
      select driver_id, trip_date from canon.trip_rejects
      where ${since}::timestamp is not null and reason = 'DUPLICATE_DRIVER_DAY' and (source_created_at >= ${since}::timestamp or source_created_at is null)
    ),
    -- All the rows of those days. The collation is the source's: under ours its index could not serve.
    candidates as (
      select driver_id, trip_date, date_file, count_orders_completed, sum_work_time_seconds, created_at
      from classified
      where ${since}::timestamp is null and reason is null
      union all
      select s.driver_id, t.trip_date, s.date_file, s.count_orders_completed, s.sum_work_time_seconds, s.created_at
      from touched t
      join public.summary_daily s on s.driver_id = t.driver_id collate "default" and s.date_file = to_char(t.trip_date, 'DD-MM-YYYY')
      where ${since}::timestamp is not null and s.count_orders_completed >= 0
    ), ranked as (
      select
        candidates.*,
        row_number() over (
          partition by driver_id, trip_date
          order by created_at desc nulls last, count_orders_completed desc, sum_work_time_seconds desc nulls last
        ) as place
      from candidates
    ), decided as materialized (
      select
        r.*,
        case
          when r.place > 1 then 'replaced'
          when f.driver_id is null then 'insert'
          when (f.trips, f.work_seconds, f.source_created_at)
            is distinct from (r.count_orders_completed, r.sum_work_time_seconds, r.created_at) then 'update'
          else 'unchanged'
        end as action
      from ranked r
      left join canon.driver_day_trips f on f.driver_id = r.driver_id and f.trip_date = r.trip_date
    ), held as (
      select driver_id, trip_date from canon.driver_day_trips where ${since}::timestamp is null
      union all
      select f.driver_id, f.trip_date
      from touched t
      join canon.driver_day_trips f on f.driver_id = t.driver_id and f.trip_date = t.trip_date
      where ${since}::timestamp is not null
    ), gone as materialized (
      select h.driver_id, h.trip_date
      from held h
      where not exists (select from decided d where d.driver_id = h.driver_id and d.trip_date = h.trip_date)
    ), refused as materialized (
      select
        u.*,
        row_number() over (partition by row_digest) as ordinal
      from (
        select
          -- Of a record's text, where NULL and '' differ; the moment spelled out, for DateStyle is the session's.
          sha256(convert_to(row(
            driver_id, date_file, count_orders_completed, sum_work_time_seconds,
            to_char(created_at, 'YYYY-MM-DD HH24:MI:SS.US')
          )::text, 'UTF8')) as row_digest,
          reason::canon.trip_reject_reason as reason,
          driver_id, date_file, trip_date, count_orders_completed, sum_work_time_seconds, created_at
        from (
          select * from classified where reason is not null
          union all
          select
            driver_id, date_file, count_orders_completed, sum_work_time_seconds, created_at, trip_date, 'DUPLICATE_DRIVER_DAY'
          from decided
          where action = 'replaced'
        ) rows
      ) u
    ), refused_anew as materialized (
      select r.*
      from refused r
      where not exists (select from canon.trip_rejects k where k.row_digest = r.row_digest and k.ordinal = r.ordinal)
    ), suspects as (
      select row_digest, ordinal, reason from canon.trip_rejects where ${since}::timestamp is null
      union all
      select row_digest, ordinal, reason from canon.trip_rejects
      where ${since}::timestamp is not null and reason <> 'DUPLICATE_DRIVER_DAY' and (source_created_at >= ${since}::timestamp or source_created_at is null)
      union all
      select k.row_digest, k.ordinal, k.reason
      from touched t
      join canon.trip_rejects k on k.reason = 'DUPLICATE_DRIVER_DAY' and k.driver_id = t.driver_id and k.trip_date = t.trip_date
      where ${since}::timestamp is not null
    ), absolved as materialized (
      select k.row_digest, k.ordinal, k.reason
      from suspects k
      where not exists (select from refused r where r.row_digest = k.row_digest and r.ordinal = k.ordinal)
    ), inserted as (
      insert into canon.driver_day_trips (driver_id, trip_date, trips, work_seconds, source_created_at)
      select driver_id, trip_date, count_orders_completed, sum_work_time_seconds, created_at
      from decided
      where action = 'insert' and not ${dryRun}::boolean
    ), updated as (
      update canon.driver_day_trips f
      set trips = d.count_orders_completed, work_seconds = d.sum_work_time_seconds, source_created_at = d.created_at
      from decided d
      where d.action = 'update' and not ${dryRun}::boolean and f.driver_id = d.driver_id and f.trip_date = d.trip_date
    ), deleted as (
      delete from canon.driver_day_trips f
      using gone g
      where not ${dryRun}::boolean and f.driver_id = g.driver_id and f.trip_date = g.trip_date
    ), rejected as (
      insert into canon.trip_rejects (
        row_digest, ordinal, reason, driver_id, date_file, trip_date, count_orders_completed, sum_work_time_seconds, source_created_at
      )
      select
        row_digest, ordinal, reason, driver_id, date_file, trip_date, count_orders_completed, sum_work_time_seconds, created_at
      from refused_anew
      where not ${dryRun}::boolean
    ), forgotten as (
      delete from canon.trip_rejects k
      using absolved a
      where not ${dryRun}::boolean and k.row_digest = a.row_digest and k.ordinal = a.ordinal
    ), written as (
      insert into ops.decisions (job_run_id, subject, decision, reason, evidence)
      select
        ${jobRunId}::uuid,
        format('trips:%s/%s', coalesce(driver_id, '-'), coalesce(date_file, '-')),
        case when ${dryRun}::boolean then 'WOULD_REJECT' else 'REJECTED' end,
        reason::text,
        jsonb_build_object(
          'driver_id', driver_id, 'date_file', date_file, 'count_orders_completed', count_orders_completed,
          'sum_work_time_seconds', sum_work_time_seconds, 'source_created_at', created_at,
          'row_digest', encode(row_digest, 'hex'), 'ordinal', ordinal
        )
      from refused_anew
      order by reason, driver_id, date_file, ordinal
    ), reasons as (
      select
        r.reason,
        (select count(*) from refused_anew a where a.reason = r.reason) as anew,
        (select count(*) from canon.trip_rejects k where k.reason = r.reason)
          + (select count(*) from refused_anew a where a.reason = r.reason)
          - (select count(*) from absolved a where a.reason = r.reason) as total
      from unnest(enum_range(null::canon.trip_reject_reason)) r (reason)
    )
    select
      (select count(*) from incoming)::integer as source_rows,
      counted.*,
      (select count(*) from gone)::integer as facts_removed,
      (select coalesce(jsonb_object_agg(reason, anew) filter (where anew > 0), '{}') from reasons) as rejects_new,
      (select count(*) from absolved)::integer as rejects_removed,
      (select jsonb_object_agg(reason, total) from reasons) as rejects_total
    from (
      select
        count(*) filter (where action = 'insert')::integer as facts_inserted,
        count(*) filter (where action = 'update')::integer as facts_updated,
        count(*) filter (where action = 'unchanged')::integer as facts_unchanged
      from decided
    ) counted`;
  if (row === undefined) throw new Error('a count without groups returned no row');
  return { since, ...row };
}
