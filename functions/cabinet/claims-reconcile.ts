import * as z from 'zod';
import type { Sql } from '../core/database.ts';
import { calendarDate } from '../core/dates.ts';
import { parse } from '../core/input.ts';
import { type JsonObject, job, type Outcome } from '../core/job.ts';
import { jobHandler } from '../core/job-handler.ts';
import { byMilestone, gapKey, judgeGaps } from './claims-statement.ts';
import { cutoffOf, daysBack, wholeNumberOrAll } from './days-back.ts';
import { cabinetDaily } from './pipeline.ts';

/** Gaps per statement; `limit: "all"` goes on in chunks of this size, each committed with its checkpoint. */
const CHUNK = 100_000;

const limitRule = `must be a whole number from 1 to ${CHUNK}, or "all"`;
const weekStart = calendarDate.refine((date) => new Date(date).getUTCDay() === 1, 'must be a Monday');

export const input = z.strictObject({
  daysBack: daysBack.default(21),
  limit: wholeNumberOrAll(1, CHUNK, limitRule).default(1000),
  onlyMilestone: z.literal([1, 5, 25], 'must be one of the milestones 1, 5 and 25').optional(),
  weekStart: weekStart.optional(),
  onlyGaps: z.boolean().default(false),
});

const checkpointSchema = z.strictObject({
  open: byMilestone,
  open_keys: byMilestone,
  in_window: byMilestone,
  last: gapKey,
});

/** Generates the claims that are due and missing, and says of every gap it looked at what became of it, and why. */
export const claimsReconcile = /* @__PURE__ */ claimsJob(CHUNK);

/** @param chunkSize smaller in tests, which have no 100,000 gaps */
export function claimsJob(chunkSize: number) {
  return job({
    name: 'cabinet.claims-reconcile',
    input,
    async run({ input, asOf, dryRun, sql, jobRunId, checkpoint, progress }): Promise<Outcome> {
      const before = checkpoint === null ? undefined : parse(checkpointSchema, checkpoint, 'checkpoint');
      const cutoff = cutoffOf(asOf, input.daysBack);
      const chunk = await judgeGaps(sql, jobRunId, dryRun, {
        cutoff,
        limit: input.limit === 'all' ? chunkSize : input.limit,
        onlyMilestone: input.onlyMilestone ?? null,
        weekStart: input.weekStart ?? null,
        after: before?.last ?? null,
      });
      const { open, open_keys, in_window } = before ?? chunk;
      const decided = await countDecisions(sql, jobRunId);
      progress(decided.selected['total']?.count ?? 0, in_window['total']?.count ?? 0, 'gaps');
      if (input.limit === 'all' && chunk.more && chunk.last !== null) {
        return { report: {}, next: { open, open_keys, in_window, last: chunk.last } };
      }
      return {
        report: report(
          { asOf, cutoff, onlyGaps: input.onlyGaps },
          { open, open_keys, in_window, after: chunk.after },
          decided,
        ),
      };
    },
  });
}

export { figures } from './claims-figures.ts';

export const handler = /* @__PURE__ */ jobHandler(cabinetDaily, claimsReconcile);

type ByMilestone = z.infer<typeof byMilestone>;

const decisions = z.strictObject({
  selected: byMilestone,
  inserted: byMilestone,
  would_insert: byMilestone,
  already_exist: byMilestone,
  vetoed: byMilestone,
});
type Decisions = z.infer<typeof decisions>;

/** Every figure below is a count of the run's decisions, over all its chunks. */
async function countDecisions(sql: Sql, jobRunId: string): Promise<Decisions> {
  const [row] = await sql(decisions)`
    with decided as (
      select decision, (evidence ->> 'milestone')::integer as milestone, (evidence ->> 'amount')::numeric(12, 2) as amount
      from ops.decisions where job_run_id = ${jobRunId}::uuid
    ), names (measure, decision) as (
      values ('selected', null), ('inserted', 'INSERTED'), ('would_insert', 'WOULD_INSERT'), ('already_exist', 'SKIPPED'), ('vetoed', 'VETOED')
    ), figures as (
      select n.measure, coalesce(m.milestone::text, 'total') as milestone,
             jsonb_build_object('count', count(d.decision), 'amount', coalesce(sum(d.amount), 0.00)::text) as figures
      from names n
      cross join canon.cabinet_milestones m
      left join decided d on d.milestone = m.milestone and d.decision = coalesce(n.decision, d.decision)
      group by grouping sets ((n.measure, m.milestone), (n.measure))
    ), grouped as (
      select measure, jsonb_object_agg(milestone, figures) as by_milestone from figures group by measure
    )
    select
      (select by_milestone from grouped where measure = 'selected') as selected,
      (select by_milestone from grouped where measure = 'inserted') as inserted,
      (select by_milestone from grouped where measure = 'would_insert') as would_insert,
      (select by_milestone from grouped where measure = 'already_exist') as already_exist,
      (select by_milestone from grouped where measure = 'vetoed') as vetoed`;
  if (row === undefined) throw new Error('a select without a from clause returned no row');
  return row;
}

interface Scope {
  readonly asOf: string;
  readonly cutoff: string | null;
  readonly onlyGaps: boolean;
}
type Gaps = Record<'open' | 'open_keys' | 'in_window' | 'after', ByMilestone>;

/** The counters of the job it replaces keep their names; those that nothing can raise any more stay 0. docs/cabinet.md. */
function report({ asOf, cutoff, onlyGaps }: Scope, gaps: Gaps, decided: Decisions): JsonObject {
  const total = (of: ByMilestone) => of['total']?.count ?? 0;
  const reduction = total(gaps.open) - total(gaps.after);
  return {
    window: { as_of: asOf, cutoff_lead_date: cutoff },
    gaps_open_total: total(gaps.open),
    gaps_in_window: total(gaps.in_window),
    gaps_found: total(decided.selected),
    processed: total(decided.selected),
    claims_inserted: total(decided.inserted),
    would_insert: total(decided.would_insert),
    claims_updated: 0,
    claims_skipped_paid: 0,
    claims_skipped_rejected: 0,
    claims_already_exist: total(decided.already_exist),
    invalid_conditions: total(decided.vetoed),
    errors: 0,
    gaps_open_after: total(gaps.after),
    reduction_pct: total(gaps.open) === 0 ? '0.00' : percent(reduction, total(gaps.open)),
    ...(onlyGaps ? { only_gaps: 'accepted; the selection is always the gaps, with or without it' } : {}),
    by_milestone: {
      before: gaps.open,
      before_keys: gaps.open_keys,
      in_window: gaps.in_window,
      ...decided,
      after: gaps.after,
    },
  };
}

/** Two decimals, half up, in whole numbers. */
function percent(part: number, whole: number): string {
  const hundredths = (BigInt(part) * 20_000n + BigInt(whole)) / (2n * BigInt(whole));
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')}`;
}
