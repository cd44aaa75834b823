import * as z from 'zod';
import type { Sql } from '../core/database.ts';
import type { JsonObject } from '../core/job.ts';

const json = z.record(z.string(), z.json());

const validated = z.strictObject({
  passed: z.int(),
  warnings: z.int(),
  failed: z.int(),
  informed: z.int(),
  not_evaluated: z.int(),
  checks: z.array(json),
  figures: json,
});

export interface Ids {
  readonly asOf: string;
  readonly dryRun: boolean;
  readonly runId: string;
  readonly jobRunId: string;
}

/**
 * Asks every check, holds each value against the threshold in force, keeps the values and files a decision per check, in
 * one statement and one snapshot. A check's outcome is the worst of its values'.
 */
export async function runChecks(
  sql: Sql,
  { asOf, dryRun, runId, jobRunId }: Ids,
): Promise<z.infer<typeof validated>> {
  const [row] = await sql(validated)`
    with found as materialized (
      select * from ops.cabinet_check_values(${runId}::uuid)
    ), list as materialized (
      select l.*, l.waits_for is not null as unknowable
      from ops.v_cabinet_check_list l
    ), judged as materialized (
      select
        l.place, l.name, l.kind, l.level, l.unit, l.comparison, l.threshold, l.meaning, l.action,
        coalesce(f.subject, 'total') as subject, v.value, coalesce(f.examples, '[]') as examples,
        case
          when v.value is null then 'NOT_EVALUATED'
          when l.level = 'I' then 'INFORMED'
          when case l.comparison when 'at_most' then v.value <= l.threshold else v.value >= l.threshold end then 'PASSED'
          when l.level = 'W' then 'WARNING'
          else 'FAILED'
        end as outcome
      from list l
      left join found f using (name)
      -- A rule without a row was broken by nobody; every other kind that was asked has one.
      cross join lateral (select case when f.name is null and l.kind = 'rule' and not l.unknowable then 0 else f.value end as value) v
    ), kept as (
      insert into ops.check_values (job_run_id, as_of, name, subject, level, unit, comparison, threshold, value, outcome, examples)
      select ${jobRunId}::uuid, ${asOf}::date, name, subject, level, unit, comparison, threshold, value, outcome, examples
      from judged
      where not ${dryRun}::boolean
      order by place, subject collate "C"
    ), verdict as materialized (
      select
        place, name, level, unit, comparison, threshold, meaning, action,
        (array_agg(outcome order by array_position(array['FAILED', 'WARNING', 'NOT_EVALUATED', 'INFORMED', 'PASSED'], outcome)))[1] as outcome,
        case when count(*) = 1 and min(subject) = 'total' then min(value) end as value,
        json_object_agg(subject, value::text order by subject collate "C") as by_subject,
        jsonb_path_query_array(jsonb_agg(examples order by subject collate "C"), '$[*][*]') as examples
      from judged
      group by place, name, level, unit, comparison, threshold, meaning, action
    ), filed as (
      insert into ops.decisions (job_run_id, subject, decision, reason, evidence)
      select ${jobRunId}::uuid, name, outcome,
             case when outcome in ('FAILED', 'WARNING') then concat_ws(' ', value, unit) end,
             jsonb_build_object('level', level, 'unit', unit, 'comparison', comparison, 'threshold', threshold::text,
                                'values', by_subject, 'examples', examples)
      from verdict
      order by place
    )
    select
      count(*) filter (where outcome = 'PASSED')::integer as passed,
      count(*) filter (where outcome = 'WARNING')::integer as warnings,
      count(*) filter (where outcome = 'FAILED')::integer as failed,
      count(*) filter (where outcome = 'INFORMED')::integer as informed,
      count(*) filter (where outcome = 'NOT_EVALUATED')::integer as not_evaluated,
      json_agg(json_build_object(
        'name', name, 'level', level, 'outcome', outcome, 'value', value::text, 'unit', unit, 'comparison', comparison,
        'threshold', threshold::text, 'values', by_subject, 'meaning', meaning, 'action', action, 'examples', examples) order by place) as checks,
      json_object_agg(name, case when value is not null then to_json(value::text) else by_subject end order by place) filter (where level = 'I') as figures
    from verdict`;
  if (row === undefined) throw new Error('a count without groups returned no row');
  return row;
}

const compared = z.strictObject({
  filter: z.string(),
  measure: z.string(),
  table: z.string(),
  weekly: z.string(),
  rows: z.string(),
  without_week: z.int(),
  equal: z.boolean(),
});

/** What the table, the weekly figures and the rows behind both say; nothing before the first refresh. */
export async function correlate(sql: Sql): Promise<JsonObject[]> {
  return sql(compared)`
    select filter, measure, table_says::text as table, weekly_says::text as weekly, rows_say::text as rows,
           without_week::integer as without_week, equal
    from ops.cabinet_cobranza_correlation()
    where (select ispopulated from pg_matviews where schemaname = 'ops' and matviewname = 'mv_yango_cabinet_cobranza_enriched_14d')`;
}

const timed = z.strictObject({
  name: z.string(),
  milliseconds: z.string(),
  limit_ms: z.int(),
  within: z.boolean(),
});

/** Kept beside the checks' values and never judged: a busy minute is no finding. */
export async function measure(sql: Sql, { asOf, dryRun, jobRunId }: Ids): Promise<JsonObject[]> {
  return sql(timed)`
    with timed as materialized (
      select name, milliseconds, limit_ms from ops.cabinet_check_performance()
    ), kept as (
      insert into ops.check_values (job_run_id, as_of, name, subject, level, unit, comparison, threshold, value, outcome, examples)
      select ${jobRunId}::uuid, ${asOf}::date, 'performance', name, 'I', 'ms', 'at_most', limit_ms, milliseconds, 'INFORMED', '[]'
      from timed
      where not ${dryRun}::boolean
    )
    select name, milliseconds::text as milliseconds, limit_ms, milliseconds <= limit_ms as within from timed`;
}
