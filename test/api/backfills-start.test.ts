import { beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { backfillsStart } from '../../functions/api/recovery/backfills-start.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';

const database = testDatabase();
let operator: Environment;
beforeAll(() => {
  operator = environmentOf(database, 'cuadre_operator');
});

const plan = (input: object) =>
  call(backfillsStart, operator, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      pipeline: 'cabinet-daily',
      from: '2026-01-12',
      to: '2026-01-13',
      reason: 'a test',
      dryRun: false,
      input,
    }),
  });

test.each([
  [
    'a key that a job does not have',
    { 'cabinet.claims-reconcile': { limt: 1 } },
    'limt',
    1,
    'is not a known key',
  ],
  [
    'a value that a job does not take',
    { 'cabinet.claims-reconcile': { limit: 0 } },
    'limit',
    0,
    'must be a whole number from 1 to 100000, or "all"',
  ],
  [
    'what belongs to the whole run',
    { 'cabinet.payments-ingest': { dryRun: true } },
    'input.cabinet.payments-ingest.dryRun',
    true,
    'belongs beside input, where it is the whole run’s',
  ],
  [
    'a job that the pipeline does not have',
    { 'cabinet.upload-take': {} },
    'input.cabinet.upload-take',
    undefined,
    expect.stringContaining('is not a job of cabinet-daily, which has cabinet.payments-ingest'),
  ],
])('%s is refused before a date begins', async (_what, input, field, value, rule) => {
  expect(await plan(input)).toMatchObject({
    status: 400,
    body: { problems: [{ field, ...(value === undefined ? {} : { value }), rule }] },
  });
  const [begun] = await database.admin.sql(z.strictObject({ backfills: z.int() }))`
    select count(*)::integer as backfills from ops.backfills`;
  expect(begun?.backfills).toBe(0);
});
