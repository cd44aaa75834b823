/**
 * Requests made from the API's document against the real functions and a real database.
 * `FUZZ_SEED` repeats a run or begins another one, `FUZZ_REQUESTS` makes it longer; a failure prints its seed and path.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { claimsReconcile } from '../../../functions/cabinet/claims-reconcile.ts';
import { mvRefresh } from '../../../functions/cabinet/mv-refresh.ts';
import { tripsLoad } from '../../../functions/cabinet/trips-load.ts';
import { testDatabase } from '../../support/database.ts';
import { runJob } from '../../support/run-job.ts';
import { digests } from './digest.ts';
import { operations } from './document.ts';
import { expectDocumented, expectHeld, expectNamed } from './expectations.ts';
import { type Request, requestsTo } from './requests.ts';
import { type Routers, routersAs } from './routers.ts';
import { seenIn } from './seen.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_113);
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 4_500);
/** One request in so many is valid throughout and costs a query. */
const GOOD = 50;

const reads = operations.filter(({ method }) => method === 'GET');
const database = testDatabase({ golden: true });
let routers: Routers;
let before: Record<string, string>;

beforeAll(async () => {
  const request = { asOf: '2026-01-13' };
  await runJob(database, tripsLoad, request);
  await runJob(database, claimsReconcile, { ...request, limit: 100 });
  await runJob(database, mvRefresh, request);
  before = await digests(database);
  routers = await routersAs(database, 'cuadre_reader');
});
afterAll(() => routers.close());

test('every documented read answers as documented, or names what is wrong', async () => {
  const seen = await seenIn(reads, routers);
  const anyRequest = fc
    .tuple(fc.constantFrom(...reads), fc.integer({ min: 1, max: GOOD }))
    .chain(([operation, of]) => requestsTo(operation, seen, of === 1));
  const answered = new Map<string, number>();
  const property = fc.asyncProperty(anyRequest, async (request) => {
    const status = await check(request);
    answered.set(status, (answered.get(status) ?? 0) + 1);
  });
  await fc.assert(property, { numRuns: REQUESTS, seed: SEED });
  console.log(`seed ${SEED}:`, Object.fromEntries([...answered].toSorted()));
  expect(answered.get('200')).toBeGreaterThan(REQUESTS / 50);
  expect(answered.get('400')).toBeGreaterThan(REQUESTS / 2);
}, 180_000);

async function check(request: Request): Promise<string> {
  const exchange = await routers.send(request.operation, request.wire);
  const problem = expectDocumented(request, exchange);
  expectNamed(request, exchange, problem);
  expectHeld(request, exchange, problem);
  return String(exchange.result.statusCode);
}

test('no read changed a row, and none could have', async () => {
  expect(await digests(database)).toEqual(before);
  const writable = await database.admin.sql(z.strictObject({ name: z.string() }))`
    select c.oid::regclass::text as name from pg_class c
    where c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
      and case when c.relkind = 'S' then has_sequence_privilege('cuadre_reader', c.oid, 'usage, update')
               else has_table_privilege('cuadre_reader', c.oid, 'insert, update, delete, truncate') end`;
  expect(writable).toEqual([]);
});
