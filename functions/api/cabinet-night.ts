import * as z from 'zod';
import { calendarDate } from '../core/dates.ts';
import { NotFoundError } from '../core/errors.ts';
import { endpoint, noParameters, ok } from '../core/http.ts';
import { tellNight } from './cabinet-night-text.ts';

const stages = z.record(z.string(), z.int()).nullable();
const gaps = z.strictObject({ count: z.int(), amount: z.string() }).nullable();

const night = z.strictObject({
  run: z.strictObject({
    run_id: z.guid(),
    as_of: z.iso.date(),
    status: z.enum(['running', 'succeeded', 'failed']),
    findings: z.int(),
    code_version: z.string(),
    created_at: z.string(),
    finished_at: z.string().nullable(),
  }),
  jobs: z.array(
    z.strictObject({
      job: z.string(),
      status: z.string(),
      findings: z.int(),
      error: z.json(),
      decisions: z.array(
        z.strictObject({
          decision: z.string(),
          reason: z.string().nullable(),
          detail: z.string().nullable(),
          count: z.int(),
        }),
      ),
    }),
  ),
  trips: z
    .strictObject({
      facts_inserted: z.int(),
      facts_updated: z.int(),
      facts_removed: z.int(),
      rejected: z.int(),
    })
    .nullable(),
  leads: z.strictObject({
    newly_linked: z.int(),
    newly_driver_mapped: z.int(),
    events_repaired: z.int(),
    /** All leads by limbo stage. */
    before: stages,
    after: stages,
    changed: z.array(
      z.strictObject({
        lead_id: z.int(),
        lead_date: z.iso.date(),
        rule: z.string().nullable(),
        driver_id: z.string().nullable(),
        gains_link: z.boolean(),
        gains_driver: z.boolean(),
        event_repair: z.string().nullable(),
      }),
    ),
  }),
  claims: z.strictObject({
    inserted: z.int(),
    amount: z.string(),
    by_milestone: z.array(
      z.strictObject({ milestone_value: z.int(), inserted: z.int(), amount: z.string() }),
    ),
    gaps_before: gaps,
    gaps_after: gaps,
    changed: z.array(
      z.strictObject({
        claim_id: z.int(),
        lead_id: z.int(),
        driver_id: z.string(),
        lead_date: z.iso.date(),
        milestone_value: z.int(),
        amount: z.string(),
      }),
    ),
  }),
  payments: z.strictObject({ recorded: z.int(), by_reason: z.record(z.string(), z.int()) }),
  achievements: z.strictObject({ recorded: z.int() }),
  checks: z.strictObject({
    passed: z.int(),
    warnings: z.int(),
    failed: z.int(),
    not_passed: z.array(
      z.strictObject({ check: z.string(), decision: z.string(), reason: z.string().nullable() }),
    ),
  }),
  alerts: z.array(
    z.strictObject({
      alert_id: z.string(),
      type: z.string(),
      subject: z.string(),
      severity: z.string(),
      event: z.enum(['opened', 'reopened', 'resolved']),
      message: z.string(),
      cause: z.string(),
      action: z.string(),
    }),
  ),
});
export type Night = z.infer<typeof night>;

/** GET what a night changed: the latest run of the pipeline that is over, or the latest of a date. */
export const cabinetNight = endpoint({
  method: 'GET',
  route: '/api/v1/ops/cabinet-night',
  summary: 'What the last night changed, or that of a date: leads, claims, gaps, checks, alerts',
  query: z.strictObject({
    as_of: calendarDate.optional().describe('The night of that business day; the latest without.'),
  }),
  path: noParameters,
  problems: { 404: ['UNKNOWN_NIGHT'] },
  answer: night.extend({ summary: z.array(z.string()) }),
  async run({ event, query, environment }) {
    const asOf = query.as_of ?? null;
    const [found] = await environment.control.sql(night)`
      select
        jsonb_build_object('run_id', r.run_id, 'as_of', r.as_of, 'status', r.status, 'findings', r.findings,
          'code_version', r.code_version, 'created_at', r.created_at, 'finished_at', r.finished_at) as run,
        n.*
      from (
        select * from ops.runs
        where pipeline = 'cabinet-daily' and kind = 'pipeline' and not dry_run and status <> 'running'
          and (${asOf}::date is null or as_of = ${asOf}::date)
        order by created_at desc, run_id limit 1
      ) r
      cross join lateral ops.cabinet_night(r.run_id) n`;
    if (found === undefined) {
      throw new NotFoundError(asOf === null ? 'no night is over yet' : `no night as of ${asOf} is over`, {
        code: 'UNKNOWN_NIGHT',
      });
    }
    return ok(event, { summary: tellNight(found), ...found });
  },
});
