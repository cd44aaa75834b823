import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { achievementsRecord } from '../../../functions/cabinet/achievements-record.ts';
import { paymentsIngest } from '../../../functions/cabinet/payments-ingest.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { goldenDirectory, testDatabase, versions } from '../../support/database.ts';
import { type Ran, runJob } from '../../support/run-job.ts';
import { ask } from './relation.ts';

const cause = z.strictObject({
  cause: z.string(),
  total_cases: z.int(),
  count_m1: z.int(),
  count_m5: z.int(),
  count_m25: z.int(),
  pct_total: z.string(),
  unique_drivers: z.int(),
});

/** What the data set says must come out, written by hand and not by this code. */
const expected = z
  .looseObject({
    as_of: z.string(),
    achieved: z.strictObject({
      m1: z.int(),
      m5: z.int(),
      m25: z.int(),
      total: z.int(),
      amount: z.string(),
    }),
    paid: z.strictObject({ total: z.int(), without_pay_date: z.int() }),
    reconciled: z.strictObject({
      total: z.int(),
      OK: z.int(),
      ACHIEVED_NOT_PAID: z.int(),
      PAID_WITHOUT_ACHIEVEMENT: z.int(),
      NOT_APPLICABLE: z.int(),
    }),
    paid_without_achievement: z.array(cause),
  })
  .parse(JSON.parse(readFileSync(join(goldenDirectory, 'expected.json'), 'utf8')));

describe.each(versions)('payments of the golden night on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, golden: true });
  const asOf = expected.as_of;
  const query = (text: string) => ask(database.admin, text);

  let payments: Ran;
  let achievements: Ran;
  beforeAll(async () => {
    payments = await runJob(database, paymentsIngest, { asOf });
    await runJob(database, tripsLoad, { asOf });
    achievements = await runJob(database, achievementsRecord, { asOf });
  });

  test('the ledger has a first state of every payment, and the report counts its decisions', async () => {
    expect(payments).toMatchObject({ status: 'succeeded', findings: 0 });
    expect(payments.report).toEqual({
      source_rows: 195,
      rows_without_name: 3,
      payments: 323,
      unchanged: 0,
      recorded: 323,
      would_record: 0,
      by_reason: { NEW_PAYMENT: 323 },
      by_match_rule: { driver_id_direct: 89, driver_name_unique: 31, none: 203 },
    });
    expect(payments.decisions).toHaveLength(323);
    expect(await query('select count(*), max(revision) from ops.yango_payment_status_ledger')).toEqual([
      '323 | 1',
    ]);
  });

  test('the milestones reached are recorded with their amounts', async () => {
    expect(achievements.status).toBe('succeeded');
    const { m1, m5, m25, total, amount } = expected.achieved;
    expect(achievements.report).toEqual({
      calculated: total,
      recorded: total,
      would_record: 0,
      same: 0,
      would_differ: 0,
      by_milestone: {
        1: { count: m1, amount: '3225.00' },
        5: { count: m5, amount: '2905.00' },
        25: { count: m25, amount: '4800.00' },
        total: { count: total, amount },
      },
    });
    expect(achievements.decisions).toHaveLength(total);
    expect(
      await query('select count(*), sum(expected_amount) from ops.v_cabinet_milestones_achieved'),
    ).toEqual([`${total} | ${amount}`]);
  });

  test('what was paid, and how it stands against what was reached', async () => {
    expect(
      await query(
        `select count(*), count(*) filter (where pay_date is null) from ops.v_cabinet_milestones_paid`,
      ),
    ).toEqual([`${expected.paid.total} | ${expected.paid.without_pay_date}`]);
    const { total, OK, ACHIEVED_NOT_PAID, PAID_WITHOUT_ACHIEVEMENT } = expected.reconciled;
    expect(
      await query(`select reconciliation_status, count(*), count(milestone_value)
                   from ops.v_cabinet_milestones_reconciled group by rollup (reconciliation_status) order by 1`),
    ).toEqual([
      `ACHIEVED_NOT_PAID | ${ACHIEVED_NOT_PAID} | ${ACHIEVED_NOT_PAID}`,
      `OK | ${OK} | ${OK}`,
      `PAID_WITHOUT_ACHIEVEMENT | ${PAID_WITHOUT_ACHIEVEMENT} | ${PAID_WITHOUT_ACHIEVEMENT}`,
      `- | ${total} | ${total}`,
    ]);
  });

  test('why payments have no achievement: 41 and 11, nothing else', async () => {
    const lines = expected.paid_without_achievement.map(
      (each) =>
        `${each.cause} | ${each.total_cases} | ${each.unique_drivers} | ${each.count_m1} | ${each.count_m5} | ${each.count_m25} | ${each.pct_total}`,
    );
    expect(
      await query(`select classification_cause, total_cases, unique_drivers, count_m1, count_m5, count_m25, pct_total
                   from ops.cabinet_paid_causes(null, null) where total_cases > 0`),
    ).toEqual(lines);
  });

  test('every other cause has its share too: none', async () => {
    expect(
      await query(`select classification_cause, total_cases, pct_total, within_band, signal
                   from ops.cabinet_paid_causes(null, null)`),
    ).toEqual([
      'UPSTREAM_OVERPAYMENT | 41 | 78.85 | true | NORMAL',
      'INSUFFICIENT_TRIPS_CONFIRMED | 11 | 21.15 | true | NORMAL',
      'WINDOW_MISMATCH | 0 | 0.00 | true | NORMAL',
      'IDENTITY_MISMATCH | 0 | 0.00 | true | NORMAL',
    ]);
  });

  test('again on unchanged data: nothing is recorded, nothing would differ', async () => {
    const again = await runJob(database, paymentsIngest, { asOf });
    expect(again.report).toMatchObject({ payments: 323, unchanged: 323, recorded: 0, by_reason: {} });
    const reached = await runJob(database, achievementsRecord, { asOf });
    expect(reached.report).toMatchObject({
      calculated: 260,
      recorded: 0,
      same: 260,
      would_differ: 0,
      by_milestone: { total: { count: 0, amount: '0.00' } },
    });
    expect([again.decisions, reached.decisions]).toEqual([[], []]);
  });

  test('decisions name no driver', async () => {
    expect(
      await query(`select d.subject from ops.decisions d join public.drivers n
                   on length(n.last_name) > 3 and (d.evidence::text ilike '%' || n.last_name || '%' or d.detail ilike '%' || n.last_name || '%')`),
    ).toEqual([]);
  });
});
