import { expect, test } from 'vitest';
import * as z from 'zod';
import { paymentsReconciliation } from '../../functions/api/payments-reconciliation.ts';
import { createLog } from '../../functions/core/log.ts';
import { givenRules } from '../support/cabinet.ts';
import { testDatabase } from '../support/database.ts';
import { environmentOf, httpEvent } from '../support/http.ts';

const database = testDatabase();
/** What a Lambda may answer. */
const LIMIT = 6 * 1024 * 1024;

test('a page of 10,000 rows stays within what a function may answer, and the next one goes on after it', async () => {
  await givenRules(database.admin);
  await database.admin.script(`
    insert into canon.milestone_achievements (driver_id, milestone_value, person_key, lead_date, achieved_date, achieved_trips_in_window,
      rule_id, window_days, expected_amount, currency, rule_valid_from, trip_days, seen_as_of, job_run_id)
    select md5(i::text), 1, gen_random_uuid(), '2026-01-05', '2026-01-05', 1, id, 14, amount, 'PEN', valid_from, '[]', '2026-01-05', gen_random_uuid()
    from ops.partner_payment_rules, generate_series(1, 12000) i where milestone_trips = 1;
    insert into public.module_ct_cabinet_payments (id, date, driver, driver_id, trip_1)
    select i, '2026-01-06', 'x', md5(i::text), true from generate_series(1, 12000) i;
    insert into ops.yango_payment_status_ledger (source_pk, pay_date, raw_driver_name, driver_name_normalized, milestone_value, is_paid,
      driver_id, match_rule, match_confidence, revision, state_hash, job_run_id)
    select id::text, date, driver, 'x', 1, true, driver_id, 'driver_id_direct', 'high', 1, 'x', gen_random_uuid() from public.module_ct_cabinet_payments`);
  const environment = environmentOf(database, 'cuadre_reader');
  const log = createLog({ write: () => {} });
  const page = z.object({
    count: z.int(),
    total: z.int(),
    rows: z.array(z.object({ driver_id: z.string() })),
    next_cursor: z.string().nullable(),
  });
  const seen: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const query = { limit: '10000', ...(cursor === undefined ? {} : { cursor }) };
    const answer = await paymentsReconciliation.handle(httpEvent(paymentsReconciliation, { query }), {
      environment,
      log,
    });
    expect(Buffer.byteLength(answer.body ?? '')).toBeLessThan(LIMIT);
    const found = page.parse(JSON.parse(answer.body ?? ''));
    expect([found.total, found.count]).toEqual([12_000, found.rows.length]);
    seen.push(...found.rows.map(({ driver_id }) => driver_id));
    cursor = found.next_cursor;
    if (seen.length === found.count) expect(found.count).toBeLessThan(10_000);
  }
  expect(seen).toHaveLength(12_000);
  expect(seen).toEqual([...new Set(seen)].toSorted());
});
