import * as z from 'zod';
import type { Sql } from '../core/database.ts';
import { InputError } from '../core/errors.ts';
import { decided, type JobFigures } from '../core/figures.ts';
import { job } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { cabinetDaily } from './pipeline.ts';

export const input = z.strictObject({
  /** `schema.name` of one view; those it reads are not refreshed with it. */
  mvName: z.string().min(1).optional(),
});

const view = z.strictObject({
  schema_name: z.string(),
  mv_name: z.string(),
  needs: z.array(z.string()),
  not_ready: z.string().nullable(),
});
type View = z.infer<typeof view>;

const counts = z.strictObject({
  refreshed: z.int(),
  would_refresh: z.int(),
  failed: z.int(),
  skipped: z.int(),
  rows: z.int(),
  duration_ms: z.int(),
});

/**
 * Refreshes the materialized views, each after those that it reads. A view that cannot be refreshed keeps its old
 * rows and is a finding; those that read it are skipped, because they would only spread what is old.
 */
export const mvRefresh = /* @__PURE__ */ job({
  name: 'cabinet.mv-refresh',
  input,
  async run({ input, dryRun, sql, jobRunId, progress }) {
    const views = await toRefresh(sql, input.mvName);
    const left = new Set<string>();
    for (const [place, each] of views.entries()) {
      const behind = each.needs.find((needed) => left.has(needed));
      const refreshed =
        behind !== undefined
          ? await skip(sql, jobRunId, each, behind)
          : dryRun
            ? await announce(sql, jobRunId, each)
            : await refresh(sql, jobRunId, each);
      if (!refreshed) left.add(nameOf(each));
      progress(place + 1, views.length, 'views');
    }
    const counted = await count(sql, jobRunId);
    return { report: counted, findings: counted.failed + counted.skipped };
  },
});

/** What its report stands on. */
export const figures: JobFigures = {
  statement: 'functions/cabinet/mv-refresh.ts',
  objects: ['ops.v_materialized_views', 'ops.refresh_materialized_view'],
  figures: {
    refreshed: decided('REFRESHED'),
    would_refresh: decided('WOULD_REFRESH'),
    failed: decided('FAILED'),
    skipped: decided('SKIPPED'),
    rows: { from: 'decisions', filter: {}, sum: 'rows' },
    duration_ms: { from: 'decisions', filter: {}, sum: 'duration_ms' },
  },
};

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, mvRefresh);

const nameOf = ({ schema_name, mv_name }: View) => `${schema_name}.${mv_name}`;

async function toRefresh(sql: Sql, name: string | undefined): Promise<View[]> {
  const views = await sql(view)`
    select schema_name, mv_name, needs, not_ready from ops.v_materialized_views order by level, schema_name, mv_name`;
  if (name === undefined) return views;
  const named = views.filter((each) => nameOf(each) === name);
  if (named.length > 0) return named;
  throw new InputError([
    { field: 'mvName', value: name, rule: `must be one of ${views.map(nameOf).join(', ')}` },
  ]);
}

async function skip(sql: Sql, jobRunId: string, each: View, behind: string): Promise<false> {
  await sql`
    insert into ops.decisions (job_run_id, subject, decision, reason, detail)
    values (${jobRunId}::uuid, ${nameOf(each)}, 'SKIPPED', 'NEEDED_VIEW_NOT_REFRESHED', ${behind})`;
  return false;
}

async function announce(sql: Sql, jobRunId: string, each: View): Promise<true> {
  await sql`
    insert into ops.decisions (job_run_id, subject, decision, reason, evidence)
    values (${jobRunId}::uuid, ${nameOf(each)}, 'WOULD_REFRESH', ${each.not_ready},
            jsonb_build_object('mode', case when ${each.not_ready}::text is null then 'concurrently' else 'plain' end))`;
  return true;
}

/** False when it failed: the error is in the log and in the decision, the old rows are still there. */
async function refresh(sql: Sql, jobRunId: string, each: View): Promise<boolean> {
  const [done] = await sql(z.strictObject({ refresh_id: z.string(), refreshed: z.boolean() }))`
    select refresh_id, refreshed
    from ops.refresh_materialized_view(${each.schema_name}, ${each.mv_name}, ${each.not_ready}, ${jobRunId}::uuid)`;
  if (done === undefined) throw new Error('a function with out parameters returned no row');
  await sql`
    insert into ops.decisions (job_run_id, subject, decision, reason, detail, evidence)
    select ${jobRunId}::uuid, ${nameOf(each)}, case when l.status = 'OK' then 'REFRESHED' else 'FAILED' end,
           case when l.status = 'OK' then l.mode_reason else l.error_code end, l.error_message,
           jsonb_build_object('refresh_id', l.id, 'mode', l.mode, 'rows', l.rows_after_refresh, 'duration_ms', l.duration_ms,
                              'consecutive_failures', h.consecutive_failures)
    from ops.mv_refresh_log l
    join ops.v_mv_health h on h.schema_name = l.schema_name and h.mv_name = l.mv_name
    where l.id = ${done.refresh_id}::bigint`;
  return done.refreshed;
}

/** Every figure is a count of the decisions. */
async function count(sql: Sql, jobRunId: string): Promise<z.infer<typeof counts>> {
  const [row] = await sql(counts)`
    select
      count(*) filter (where decision = 'REFRESHED')::integer as refreshed,
      count(*) filter (where decision = 'WOULD_REFRESH')::integer as would_refresh,
      count(*) filter (where decision = 'FAILED')::integer as failed,
      count(*) filter (where decision = 'SKIPPED')::integer as skipped,
      coalesce(sum((evidence ->> 'rows')::bigint), 0)::integer as rows,
      coalesce(sum((evidence ->> 'duration_ms')::integer), 0)::integer as duration_ms
    from ops.decisions where job_run_id = ${jobRunId}::uuid`;
  if (row === undefined) throw new Error('a count without groups returned no row');
  return row;
}
