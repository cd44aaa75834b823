/** A person's request that the ledger took and SQS did not: it is answered with what holds, and the next one sends it. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { backfillsStart } from '../../functions/api/recovery/backfills-start.ts';
import { backfillsSteer } from '../../functions/api/recovery/backfills-steer.ts';
import { redriveStart } from '../../functions/api/recovery/redrive.ts';
import { sweepNow } from '../../functions/api/recovery/sweep-now.ts';
import { runsCancel } from '../../functions/api/runs-cancel.ts';
import { runsRetry } from '../../functions/api/runs-retry.ts';
import { runsStart } from '../../functions/api/runs-start.ts';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import type { Endpoint } from '../../functions/core/http.ts';
import { wakeOf } from '../../functions/core/pipeline.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { deafQueue } from '../support/deaf-queue.ts';
import { type Answer, call, environmentOf } from '../support/http.ts';
import { forgetRuns } from '../support/many.ts';
import { testQueues } from '../support/queues.ts';
import { createEffects } from '../support/toy.ts';

const wake = wakeOf(cabinetDaily);
const names = [...Object.keys(cabinetDaily.jobs), wake];
const database = testDatabase();
const sqs = testQueues(names);
const refusing = deafQueue('refuses');
let heard: Environment;
/** Of an hour in which nobody listens where SQS was. */
let unheard: Environment;
/** Of one in which SQS takes some of a run's messages. */
let half: Environment;
beforeAll(async () => {
  // Beginning anew forgets the toys' effects too.
  await createEffects(database.admin);
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_MAX_ATTEMPTS: '1',
  });
  const at = (urls: Record<string, string>) => environmentOf(database, 'cuadre_operator', urls);
  const everywhere = (url: string) => Object.fromEntries(names.map((name) => [name, url]));
  heard = at({ ...sqs.urls });
  unheard = at(everywhere('http://127.0.0.1:1/0/x'));
  half = at({ ...everywhere(refusing.url), [wake]: sqs.urls[wake] ?? '' });
});
beforeEach(() => forgetRuns(database.admin));

const json = { 'content-type': 'application/json' };
const post = (
  endpoint: Endpoint,
  environment: Environment,
  body: object,
  path: Record<string, string> = {},
) => call(endpoint, environment, { body: JSON.stringify(body), path, headers: json });
const start = (key: string, environment: Environment, body: object = { asOf: '2026-01-05' }) =>
  call(runsStart, environment, {
    body: JSON.stringify({ pipeline: 'cabinet-daily', ...body }),
    headers: { ...json, 'idempotency-key': key },
  });
const idOf = ({ body }: Answer) => z.looseObject({ run_id: z.guid() }).parse(body).run_id;
const backfillIdOf = ({ body }: Answer) => z.looseObject({ backfill_id: z.guid() }).parse(body).backfill_id;

const counted = z.strictObject({ n: z.int() });
const unsent = async () =>
  (await database.admin.sql(counted)`select count(*)::integer as n from ops.outbox where sent_at is null`)[0]
    ?.n;

const why = { reason: 'a test' };
const told = (count: number) => ({
  unsent: count,
  warning: expect.stringContaining('npm run ops -- sweep --go'),
});
const untroubled = { unsent: 0, warning: null };

describe('a start', () => {
  test('that nobody heard is answered with its run and what to do; the same key sends it', async () => {
    const first = await start('one', unheard);
    expect(first).toMatchObject({ status: 202, body: { created: true, ...told(2) } });
    expect(await unsent()).toBe(2);
    const again = await start('one', heard);
    expect(again).toMatchObject({
      status: 202,
      body: { run_id: idOf(first), created: false, ...untroubled },
    });
    expect(await unsent()).toBe(0);
  });

  test('of which SQS took a part says how much is left', async () => {
    expect(await start('one', half)).toMatchObject({ status: 202, body: told(1) });
    expect(await unsent()).toBe(1);
    expect(refusing.asked()).toBeGreaterThan(0);
  });

  test('with another key is refused, and sends what the first could not', async () => {
    const first = await start('one', unheard);
    const second = await start('two', heard);
    expect(second).toMatchObject({ status: 409, body: { code: 'RUN_ACTIVE' } });
    expect(JSON.stringify(second.body)).toContain(idOf(first));
    expect(JSON.stringify(second.body)).not.toContain('sweep');
    expect(await unsent()).toBe(0);
  });

  test('with another key says it too when it cannot send them either', async () => {
    await start('one', unheard);
    expect(await start('two', unheard)).toMatchObject({
      status: 409,
      body: { code: 'RUN_ACTIVE', detail: expect.stringContaining('npm run ops -- sweep --go') },
    });
  });
});

describe('a cancelled run', () => {
  test('that nobody heard of leaves nothing to be sent for but the sweeper’s waking', async () => {
    const path = { run_id: idOf(await start('one', unheard)) };
    expect(await unsent()).toBe(2);
    expect(await post(runsCancel, unheard, why, path)).toMatchObject({ status: 200, body: told(1) });
  });
});

describe('a retry', () => {
  async function failed(): Promise<string> {
    const run = idOf(await start('one', heard));
    await post(runsCancel, heard, why, { run_id: run });
    return run;
  }

  test('that nobody heard is answered; the same request again is refused, and sends it', async () => {
    const path = { run_id: await failed() };
    expect(await post(runsRetry, unheard, why, path)).toMatchObject({ status: 202, body: told(2) });
    expect(await post(runsRetry, heard, why, path)).toMatchObject({
      status: 409,
      body: { code: 'RUN_NOT_FAILED' },
    });
    expect(await unsent()).toBe(0);
  });

  test('of a run whose date another has sends for that one', async () => {
    const path = { run_id: await failed() };
    await start('two', unheard);
    expect(await post(runsRetry, heard, why, path)).toMatchObject({
      status: 409,
      body: { code: 'RUN_ACTIVE' },
    });
    expect(await unsent()).toBe(0);
  });
});

describe('a redrive', () => {
  const go = { dryRun: false, ...why };

  test('that nobody heard is answered; the same request again is refused, and sends it', async () => {
    const run = idOf(await start('one', heard));
    await post(runsCancel, heard, why, { run_id: run });
    const asked = { ...go, runs: [run] };
    expect(await post(redriveStart, unheard, asked)).toMatchObject({
      status: 200,
      body: { retried: 1, ...told(2) },
    });
    expect(await post(redriveStart, heard, asked)).toMatchObject({
      status: 409,
      body: { code: 'NOTHING_TO_REDRIVE' },
    });
    expect(await unsent()).toBe(0);
  });
});

describe('a backfill', () => {
  const days = { pipeline: 'cabinet-daily', from: '2026-01-05', to: '2026-01-06', dryRun: false, ...why };
  const steer = (step: string) => {
    const found = backfillsSteer.find(({ route }) => route.endsWith(step));
    if (found === undefined) throw new Error(`there is no ${step}`);
    return found;
  };

  test('that nobody heard is answered; the same request again is refused, and sends it', async () => {
    expect(await post(backfillsStart, unheard, days)).toMatchObject({
      status: 200,
      body: { started: 1, ...told(2) },
    });
    expect(await post(backfillsStart, heard, days)).toMatchObject({
      status: 409,
      body: { code: 'BACKFILL_OVERLAPS' },
    });
    expect(await unsent()).toBe(0);
  });

  test('resumed unheard is answered; resumed again is refused, and sends it', async () => {
    const id = backfillIdOf(await post(backfillsStart, heard, days));
    await post(steer('pause'), heard, why, { backfill_id: id });
    const [run] = await database.admin.sql(
      z.strictObject({ id: z.guid() }),
    )`select run_id as id from ops.runs`;
    await post(runsCancel, heard, why, { run_id: run?.id ?? '' });
    const path = { backfill_id: id };
    expect(await post(steer('resume'), unheard, why, path)).toMatchObject({
      status: 200,
      body: { started: 1, ...told(2) },
    });
    expect(await post(steer('resume'), heard, why, path)).toMatchObject({
      status: 409,
      body: { code: 'BACKFILL_RUNNING' },
    });
    expect(await unsent()).toBe(0);
  });

  test('whose run is cancelled unheard is answered, with the next date’s messages left', async () => {
    await post(backfillsStart, heard, days);
    const [run] = await database.admin.sql(
      z.strictObject({ id: z.guid() }),
    )`select run_id as id from ops.runs`;
    const path = { run_id: run?.id ?? '' };
    expect(await post(runsCancel, unheard, why, path)).toMatchObject({ status: 200, body: told(2) });
    expect(await post(runsCancel, heard, why, path)).toMatchObject({
      status: 409,
      body: { code: 'RUN_OVER' },
    });
    expect(await unsent()).toBe(0);
  });
});

describe('a sweep by hand', () => {
  test('sends what is left, says what SQS refused, and that it was SQS when nobody heard', async () => {
    await start('one', unheard);
    const go = { dryRun: false };
    expect(await post(sweepNow, unheard, go)).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('SQS') },
    });
    expect(await post(sweepNow, half, go)).toMatchObject({ status: 200, body: { sent: 1, unsent: 1 } });
    expect(await post(sweepNow, heard, go)).toMatchObject({ status: 200, body: { sent: 1, unsent: 0 } });
  });
});
