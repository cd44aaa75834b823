import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { achievementsRecord } from '../../../functions/cabinet/achievements-record.ts';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { leadsReconcile } from '../../../functions/cabinet/leads-reconcile.ts';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { validation } from '../../../functions/cabinet/validation.ts';
import { goldenDirectory, newest, testDatabase } from '../../support/database.ts';
import { Figures } from '../../support/figures.ts';
import { type Ran, runJob } from '../../support/run-job.ts';
import { standing } from './golden-standing.ts';

const text = readFileSync(join(goldenDirectory, 'expected.json'), 'utf8');
/** What is no figure: who wrote the file, and from what. */
const prose = ['source'];
const runs = ['dry', 'first', 'second'] as const;

const record = z.record(z.string(), z.json());
const figure = z.object({ count: z.int(), amount: z.string() });
const byMilestone = z.record(z.string(), z.record(z.string(), figure));

/** The counters of a claims run under the names of the data set. */
function counted(ran: Ran): Record<string, unknown> {
  const report = record.parse(ran.report);
  const m = byMilestone.parse(report['by_milestone']);
  const each = (prefix: string, of: string) =>
    Object.fromEntries(['1', '5', '25'].map((n) => [`${prefix}_m${n}`, m[of]?.[n]?.count]));
  const vetoes = new Set(
    ran.decisions.filter(({ decision }) => decision === 'VETOED').map(({ reason }) => reason),
  );
  return {
    ...report,
    ...each('gaps_found', 'selected'),
    ...each('inserted', 'inserted'),
    ...each('would_insert', 'would_insert'),
    ...each('invalid', 'vetoed'),
    inserted_amount: m['inserted']?.['total']?.amount,
    would_insert_amount: m['would_insert']?.['total']?.amount,
    invalid_reason: [...vetoes].join(),
  };
}

/** Only the keys that the data set names. */
function named(actual: Record<string, unknown>, expected: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.keys(record.parse(expected)).map((key) => [key, actual[key]]));
}

/**
 * Every figure of the data set, in the order of the night, before and after each job, dry, run and run again; and
 * that there is none which nobody asks for.
 */
describe.each(newest)('every figure of the golden set holds on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });
  const figures = new Figures(text);
  const golden = standing(database, figures);
  const { asOf, one, many, holds } = golden;

  test('of the set itself: date, zone, park', async () => {
    figures.hold('as_of', asOf);
    figures.hold('time_zone', cabinetDaily.timeZone);
    figures.hold(
      'target_park_id',
      (await one('select target_park_id from ops.cabinet_settings'))['target_park_id'],
    );
  });

  test('payments and trips: what is no fact is counted by reason', async () => {
    for (const dryRun of [true, false, false]) await runJob(database, paymentsIngest, { asOf, dryRun });
    const [dry, first, second] = [
      await runJob(database, tripsLoad, { asOf, dryRun: true }),
      await runJob(database, tripsLoad, { asOf }),
      await runJob(database, tripsLoad, { asOf }),
    ];
    figures.hold('trip_rejects', dry.report?.['rejects_new']);
    figures.hold('trip_rejects', first.report?.['rejects_new']);
    figures.hold('trip_rejects', second.report?.['rejects_total']);
    expect(second.report?.['rejects_new']).toEqual({});
    const kept = await many('select reason, count(*) as n from canon.trip_rejects group by reason');
    figures.hold('trip_rejects', Object.fromEntries(kept.map(({ reason, n }) => [reason, n])));
    await holds('before', { recorded: false });
  });

  test.each(runs)('leads, %s run', async (which) => {
    const stagesOfAll = () =>
      many(
        'select lead_id, limbo_stage, person_key, driver_id from ops.v_cabinet_leads_limbo order by lead_id',
      );
    const before = await stagesOfAll();
    const input = record.parse(figures.at('leads_job.input'));
    const ran = await runJob(database, leadsReconcile, { asOf, dryRun: which === 'dry', ...input });
    const {
      limbo_after: _,
      historic_range_mode,
      input: _input,
      by_stage,
      ...counters
    } = record.parse(figures.at('leads_job'));
    const report = record.parse(ran.report);
    for (const name of Object.keys(counters)) figures.hold(`leads_job.${name}`, report[name]);
    for (const [stage, expected] of Object.entries(record.parse(by_stage))) {
      const told = record.parse(record.parse(report['by_stage'])[stage]);
      figures.hold(`leads_job.by_stage.${stage}`, named(told, expected));
      const others = Object.entries(told).filter(([name]) => record.parse(expected)[name] === undefined);
      expect(
        others.every(([, n]) => n === 0),
        stage,
      ).toBe(true);
    }
    const resolved = record.parse(
      (
        await one(
          `select input from ops.job_runs where job = 'cabinet.leads-reconcile' order by queued_at desc limit 1`,
        )
      )['input'],
    );
    figures.hold('leads_job.input', named(resolved, input));
    figures.hold(
      'leads_job.limbo_after',
      JSON.stringify(await stagesOfAll()) === JSON.stringify(before) ? 'unchanged' : 'changed',
    );
    // By date instead of by choice: all leads since the oldest one selected. For reference; the job takes exactly those that it selects.
    const [, oldest] = z.array(z.string()).parse(report['first_and_last_selected_lead_date']);
    const range =
      await one(`select count(*) as processed, 0 as matched, count(*) filter (where person_key is null) as unmatched,
      count(person_key) as skipped from ops.v_cabinet_leads_limbo where lead_date >= '${oldest}'`);
    const firstHundred = ran.decisions
      .slice(0, 100)
      .filter(({ reason }) => reason === 'NO_CANDIDATES').length;
    figures.hold('leads_job.historic_range_mode', {
      ...range,
      still_no_candidates_of_first_100: firstHundred,
    });
    expect(historic_range_mode).toBeDefined();
    await holds('before', { recorded: false });
  });

  test.each(runs)('achievements, %s run', async (which) => {
    const ran = await runJob(database, achievementsRecord, { asOf, dryRun: which === 'dry' });
    const { total } = z.object({ total: z.int() }).parse(figures.at('achieved'));
    expect(ran.report).toMatchObject({
      calculated: total,
      recorded: which === 'first' ? total : 0,
      would_record: which === 'dry' ? total : 0,
      same: which === 'second' ? total : 0,
      would_differ: 0,
    });
    await holds('before', { recorded: which !== 'dry' });
  });

  test.each([
    ['dry', 'dry_run', 'before'],
    ['first', 'first_run', 'after'],
    ['second', 'second_run', 'after'],
  ] as const)('claims, %s run', async (which, path, state) => {
    // Asked for nothing, as the first and second run are, it takes the same: those are its defaults.
    const given = which === 'dry' ? record.parse(figures.at('claims_job.input')) : {};
    const ran = await runJob(database, claimsReconcile, { asOf, dryRun: which === 'dry', ...given });
    const report = { ...counted(ran), claims_in_table_after: (await golden.claims())['total'] };
    figures.hold(`claims_job.${path}`, named(report, figures.at(`claims_job.${path}`)));
    const { cutoff_lead_date } = z
      .looseObject({ cutoff_lead_date: z.string() })
      .parse(record.parse(ran.report)['window']);
    figures.hold('claims_job.cutoff_lead_date', cutoff_lead_date);
    const [input] = await many(
      `select input from ops.job_runs where job = 'cabinet.claims-reconcile' order by queued_at desc limit 1`,
    );
    if (which === 'dry') figures.hold('claims_job.input', input?.['input']);
    if (which === 'first') figures.hold('gap_after.reduction_pct', record.parse(ran.report)['reduction_pct']);
    await holds(state);
  });

  test.each(runs)('the materialized view, %s run', async (which) => {
    const ran = await runJob(database, mvRefresh, { asOf, dryRun: which === 'dry' });
    expect(ran.findings).toBe(0);
    await holds('after', { refreshed: which !== 'dry' });
  });

  test.each(runs)('validation, %s run: every check passes, and the goal of scouts is told', async (which) => {
    const ran = await runJob(database, validation, { asOf, dryRun: which === 'dry' });
    const told = ran.decisions.filter(({ decision }) => decision !== 'PASSED' && decision !== 'INFORMED');
    expect(told.map(({ subject, decision }) => `${subject} ${decision}`)).toEqual([
      'scout_coverage_goal WARNING',
    ]);
    await holds('after', { refreshed: true });
  });

  test.each(runs)('alerts, %s run: the three of the data set', async (which) => {
    const ran = await runJob(database, alertEvaluation, { asOf, dryRun: which === 'dry' });
    const alerts = z.array(record).parse(record.parse(ran.report)['alerts']);
    for (const [index, expected] of z.array(record).parse(figures.at('alerts')).entries()) {
      const alert = alerts.find(({ type }) => type === expected['type']);
      figures.hold(`alerts.${index}`, named({ ...alert, triggered: alert !== undefined }, expected));
    }
    await holds('after', { refreshed: true });
  });

  test('and there is none that nothing was compared with', () => {
    expect(figures.unasserted()).toEqual(prose);
  });
});

test('a figure that nothing was compared with is told, one that was only read too', () => {
  const figures = new Figures('{"a": {"b": 1, "c": [2, {"d": 3}]}, "e": null}');
  figures.hold('a.c.1', { d: 3 });
  expect(figures.at('a.b')).toBe(1);
  expect(figures.unasserted()).toEqual(['a.b', 'a.c.0', 'e']);
  expect(() => figures.hold('a', { b: 1, c: [2] })).toThrow();
  expect(() => figures.at('a.x')).toThrow('there is no figure a.x');
  expect(figures.unasserted()).toEqual(['a.b', 'a.c.0', 'e']);
});
