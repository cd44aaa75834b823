/** As reads.fuzz.test.ts, for what changes something: with bodies, as the operator, and with queues to send to. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { alertEvaluation } from '../../../functions/cabinet/alert-evaluation.ts';
import { cabinetDaily } from '../../../functions/cabinet/pipeline.ts';
import { wakeOf } from '../../../functions/core/pipeline.ts';
import { testDatabase } from '../../support/database.ts';
import { testQueues } from '../../support/queues.ts';
import { runJob } from '../../support/run-job.ts';
import { type Body, bodiesTo } from './bodies.ts';
import { digests } from './digest.ts';
import { operations } from './document.ts';
import { expectDocumented, expectHeld, expectNamed } from './expectations.ts';
import { type Request, requestsTo } from './requests.ts';
import { type Routers, routersAs } from './routers.ts';
import type { Seen } from './values.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_113);
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 500);

const writes = operations.filter(({ method }) => method === 'POST');
const database = testDatabase({ golden: true });
const sqs = testQueues([...Object.keys(cabinetDaily.jobs), wakeOf(cabinetDaily)]);
let routers: Routers;
let seen: Seen;

beforeAll(async () => {
  await runJob(database, alertEvaluation, { asOf: '2026-01-13' });
  const alerts = await database.admin.sql(
    z.strictObject({ id: z.string() }),
  )`select alert_id::text as id from ops.v_alerts`;
  expect(alerts).not.toEqual([]);
  seen = new Map([['alert_id', alerts.map(({ id }) => id)]]);
  routers = await routersAs(database, 'cuadre_operator', {
    LOG_LEVEL: 'error',
    QUEUES: JSON.stringify(sqs.urls),
    FILES_BUCKET: 'cuadre-files',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
});
afterAll(() => routers.close());

interface Sent {
  readonly request: Request;
  readonly body: Body;
}

const answered = new Map<string, number>();

async function check({ request, body }: Sent): Promise<void> {
  const { operation, wire } = request;
  const headers = { ...wire.headers, ...(body.type === '' ? {} : { 'content-type': body.type }) };
  const exchange = await routers.send(operation, { ...wire, headers, body: body.bytes });
  const problem = expectDocumented(request, exchange);
  const status = exchange.result.statusCode ?? 0;
  answered.set(`${operation.id} ${status}`, (answered.get(`${operation.id} ${status}`) ?? 0) + 1);
  // A path that is another one once its segments are decoded: nobody looks at the body.
  if (!body.good && problem.code !== 'NO_SUCH_ROUTE') {
    expect([400, 413]).toContain(status);
    const fields = problem.problems.map(({ field }) => field);
    expect(
      status === 413 || fields.some((field) => /^(body|header\.content-type)/.test(field)),
      String(fields),
    ).toBe(true);
  }
  if (status === 413) return;
  expectNamed(request, exchange, problem);
  expectHeld(
    request,
    exchange,
    problem,
    body.good && operation.body === undefined && operation.files.length === 0,
  );
}

// Of a file no schema says what it must hold: nothing in it is known to be refused.
const sent = (good: boolean) =>
  fc
    .constantFrom(...writes.filter(({ files }) => good || files.length === 0))
    .chain((operation) =>
      fc
        .record({ request: requestsTo(operation, seen, good), body: bodiesTo(operation) })
        .filter(({ body }) => good || !body.good),
    );

test('what is refused names what is wrong, and leaves every row as it was', async () => {
  const before = await digests(database);
  await fc.assert(fc.asyncProperty(sent(false), check), { numRuns: REQUESTS / 2, seed: SEED });
  expect(await digests(database)).toEqual(before);
}, 120_000);

test('what is taken answers as documented', async () => {
  await fc.assert(fc.asyncProperty(sent(true), check), { numRuns: REQUESTS / 2, seed: SEED });
  console.log(`seed ${SEED}:`, Object.fromEntries([...answered].toSorted()));
  // What needs no file, and names nothing that only an earlier request makes.
  const takeable = writes.filter(
    ({ files, path }) =>
      files.length === 0 && [...path.matchAll(/\{(\w+)\}/g)].every(([, name = '']) => seen.has(name)),
  );
  expect(takeable.length).toBeGreaterThan(4);
  const taken = takeable.filter(({ id }) => ![...answered.keys()].some((key) => key.startsWith(`${id} 2`)));
  expect(taken.map(({ id }) => id)).toEqual([]);
}, 120_000);
