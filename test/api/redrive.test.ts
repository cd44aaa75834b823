import { beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { redriveStart } from '../../functions/api/recovery/redrive.ts';
import type { Database } from '../../functions/core/database.ts';
import type { Services } from '../../functions/core/execute.ts';
import { startRedrive } from '../../functions/core/redrive.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { type Answer, call, environmentOf } from '../support/http.ts';
import { by, failedRun, forgetRuns } from '../support/many.ts';
import { testQueues } from '../support/queues.ts';
import { toyQueues } from '../support/toy.ts';
import { toyWorld } from '../support/toy-world.ts';

const sqs = testQueues(toyQueues);
const database = testDatabase();
let admin: Database;
let operator: Database;
let to: Services;
let environment: Environment;
beforeAll(async () => {
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  ({ admin, operator, to } = await toyWorld(database));
  environment = environmentOf(database, 'cuadre_operator', { ...sqs.urls });
});
beforeEach(() => forgetRuns(admin));

const redrive = (body: object): Promise<Answer> =>
  call(redriveStart, environment, {
    body: JSON.stringify({ reason: 'a test', ...body }),
    headers: { 'content-type': 'application/json' },
  });
const listed = z.looseObject({
  runs: z.array(z.looseObject({ run_id: z.string(), verdict: z.string(), refusal: z.string().nullable() })),
});
const verdicts = ({ body }: Answer) =>
  listed.parse(body).runs.map(({ run_id, verdict }) => `${run_id} ${verdict}`);
const days = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `2025-03-${String(from + index).padStart(2, '0')}`);
async function failed(from: number, until: number): Promise<string[]> {
  const runs: string[] = [];
  for (const day of days(from, until)) runs.push(await failedRun(to, day));
  return runs;
}

test('says of each run whether it was taken up or waits for its minute', async () => {
  const [first, second] = await failed(1, 2);
  const look = await redrive({});
  expect(look).toMatchObject({ status: 200, body: { dry_run: true, matched: 2, ready: 2, retried: 0 } });
  const begun = await redrive({ dryRun: false, ratePerMinute: 1 });
  expect(begun).toMatchObject({
    status: 200,
    body: { matched: 2, ready: 1, retried: 1, unsent: 0, warning: null },
  });
  expect(verdicts(begun)).toEqual([`${first} RETRIED`, `${second} READY`]);
});

test('says how many match beyond the limit, by filter and by id', async () => {
  const runs = await failed(1, 3);
  for (const asked of [{ limit: 2 }, { limit: 2, runs }]) {
    const look = await redrive(asked);
    expect(look).toMatchObject({ status: 200, body: { matched: 3, ready: 2 } });
    expect(verdicts(look)).toHaveLength(2);
  }
  expect(await redrive({ limit: 3 })).toMatchObject({ body: { matched: 3, ready: 3 } });
  expect(await redrive({ limit: 2, dryRun: false })).toMatchObject({ body: { matched: 3, retried: 2 } });
});

test('that finds nothing is an empty list, and refused where something was to be done', async () => {
  expect(await redrive({})).toMatchObject({ status: 200, body: { matched: 0, ready: 0, runs: [] } });
  expect(await redrive({ dryRun: false })).toMatchObject({
    status: 409,
    body: { code: 'NOTHING_TO_REDRIVE', detail: expect.stringContaining('no failed run matches') },
  });
});

/** What the second of two operators is told who asks while the first one's redrive has not committed. */
async function whileAnotherBegins(
  first: { readonly rate: number; readonly limit: number },
  asked: object,
): Promise<Answer> {
  const { told } = await operator.transaction(async (sql) => {
    await startRedrive(sql, { limit: first.limit }, first.rate, by);
    const told = redrive({ dryRun: false, ...asked });
    for (let blocked = 0; blocked === 0; ) {
      blocked = await admin.sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%start_redrive%'`;
    }
    return { told };
  });
  return told;
}
const redrives = () => admin.sql`select from ops.redrives`;

test.each([
  ['which have been taken up', 100, ['is under way', 'is under way']],
  ['of which one waits for its minute', 1, ['is under way', 'waits in redrive']],
])('of two operators at once the second is told why of each run, %s', async (_what, rate, sentences) => {
  const runs = await failed(1, 2);
  const told = await whileAnotherBegins({ rate, limit: 100 }, { ratePerMinute: 100 });
  expect(told).toMatchObject({ status: 409, body: { code: 'NOTHING_TO_REDRIVE' } });
  const { detail } = z.looseObject({ detail: z.string() }).parse(told.body);
  for (const [index, run] of runs.entries()) expect(detail).toContain(`run ${run} ${sentences[index]}`);
  expect(await redrives()).toBe(1);
  expect(await admin.sql`select from ops.operator_actions where action = 'REDRIVE'`).toBe(1);
});

test('of two operators at once the second gets what the first left, and why not the rest', async () => {
  const [first, second] = await failed(1, 2);
  const told = await whileAnotherBegins({ rate: 100, limit: 1 }, {});
  expect(told).toMatchObject({ status: 200, body: { ready: 0, retried: 1 } });
  expect(verdicts(told)).toEqual([`${first} NOT_FAILED`, `${second} RETRIED`]);
  expect(listed.parse(told.body).runs[0]?.refusal).toContain('is under way');
  expect(await redrives()).toBe(2);
});
