import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { runsStart } from '../../functions/api/runs-start.ts';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { wakeOf } from '../../functions/core/pipeline.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';
import { testQueues } from '../support/queues.ts';

const database = testDatabase();
const sqs = testQueues([...Object.keys(cabinetDaily.jobs), wakeOf(cabinetDaily)]);
let operator: Environment;

beforeAll(() => {
  // The client of the module under test takes its region and credentials from the environment, as on Lambda.
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  operator = environmentOf(database, 'cuadre_operator', { ...sqs.urls });
});

const json = { 'content-type': 'application/json' };
function post(key: string, body: unknown, headers: Record<string, string> = json) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return call(runsStart, operator, { body: text, headers: { ...headers, 'idempotency-key': key } });
}
const accepted = z.object({
  run_id: z.uuid(),
  as_of: z.string(),
  dry_run: z.boolean(),
  created: z.boolean(),
  location: z.string(),
});

describe('POST /api/v1/runs', () => {
  test('starts a job through its queue and answers 202 with the run', async () => {
    const answer = await post('key-1', {
      job: 'cabinet.claims-reconcile',
      asOf: '2026-01-13',
      input: { limit: 100 },
    });
    expect(answer.status).toBe(202);
    const run = accepted.parse(answer.body);
    expect(run).toMatchObject({
      as_of: '2026-01-13',
      dry_run: false,
      created: true,
      location: `/api/v1/runs/${run.run_id}`,
    });
    expect(answer.headers['location']).toBe(run.location);
    expect(sqs.waiting('cabinet.claims-reconcile').filter((body) => body.includes(run.run_id))).toHaveLength(
      1,
    );
  });

  test('answers a repeated key with the same run, and sends nothing again', async () => {
    const body = {
      pipeline: 'cabinet-daily',
      asOf: '2026-01-12',
      input: { 'cabinet.claims-reconcile': { limit: 5 } },
    };
    const [first, second] = [await post('key-2', body), await post('key-2', body)].map((answer) =>
      accepted.parse(answer.body),
    );
    expect([second?.run_id, second?.created]).toEqual([first?.run_id, false]);
    expect(
      sqs.waiting('cabinet.payments-ingest').filter((sent) => sent.includes(first?.run_id ?? 'none')),
    ).toHaveLength(1);
  });

  test('refuses a used key with another body, and a second run beside an active one, with 409', async () => {
    await post('key-3', { pipeline: 'cabinet-daily', asOf: '2026-01-11' });
    const reused = await post('key-3', { pipeline: 'cabinet-daily', asOf: '2026-01-10' });
    expect(reused).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    const active = await post('key-4', { job: 'cabinet.validation', asOf: '2026-01-11' });
    expect(active).toMatchObject({ status: 409, body: { code: 'RUN_ACTIVE' } });
    expect(JSON.stringify(active.body)).toContain('\\"forced\\": true');
    // What the sentence says is what helps; the same key without it was not the same request.
    const forced = await post('key-4-forced', {
      job: 'cabinet.validation',
      asOf: '2026-01-11',
      forced: true,
    });
    expect(forced.status).toBe(202);
    const [run] = await database.admin.sql(z.strictObject({ forced: z.boolean() }))`
      select forced from ops.runs where run_id = ${accepted.parse(forced.body).run_id}::uuid`;
    expect(run).toEqual({ forced: true });
    const other = await post('key-4-forced', { job: 'cabinet.validation', asOf: '2026-01-11' });
    expect(other).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  test.each([
    ['no JSON', '{', 'body'],
    ['neither job nor pipeline', {}, 'body'],
    ['both a job and a pipeline', { job: 'cabinet.validation', pipeline: 'cabinet-daily' }, 'body'],
    ['a list', [], 'body'],
    ['an unknown job', { job: 'cabinet.nothing' }, 'job'],
    ['an unknown pipeline', { pipeline: 'nightly' }, 'pipeline'],
    ['an unknown key', { job: 'cabinet.validation', when: 'now' }, 'body.when'],
    ['a future date', { job: 'cabinet.validation', asOf: '2199-01-01' }, 'asOf'],
    ['a date with a time', { job: 'cabinet.validation', asOf: '2026-01-13T00:00:00Z' }, 'body.asOf'],
    ['input of another job', { pipeline: 'cabinet-daily', input: { 'cabinet.nothing': {} } }, 'job'],
    ['milestone 7', { job: 'cabinet.claims-reconcile', input: { onlyMilestone: 7 } }, 'onlyMilestone'],
    ['a limit of 0', { job: 'cabinet.claims-reconcile', input: { limit: 0 } }, 'limit'],
    ['a limit over the maximum', { job: 'cabinet.claims-reconcile', input: { limit: 100_001 } }, 'limit'],
    ['daysBack -1', { job: 'cabinet.claims-reconcile', input: { daysBack: -1 } }, 'daysBack'],
    ['daysBack 1.5', { job: 'cabinet.claims-reconcile', input: { daysBack: 1.5 } }, 'daysBack'],
    [
      'SQL in a value',
      { job: 'cabinet.claims-reconcile', input: { weekStart: "'; drop schema ops; --" } },
      'weekStart',
    ],
    [
      'a mistake in the input of one job of a pipeline',
      { pipeline: 'cabinet-daily', input: { 'cabinet.claims-reconcile': { daysback: 3 } } },
      'daysback',
    ],
    [
      'dryRun among the job’s own keys',
      { job: 'cabinet.claims-reconcile', asOf: '2026-01-13', input: { dryRun: true } },
      'input.dryRun',
    ],
    [
      'a date among the job’s own keys',
      { job: 'cabinet.claims-reconcile', input: { asOf: '2025-12-24' } },
      'input.asOf',
    ],
    [
      'dryRun among the keys of one job of a pipeline',
      {
        pipeline: 'cabinet-daily',
        asOf: '2026-01-12',
        input: { 'cabinet.payments-ingest': { dryRun: true } },
      },
      'input.cabinet.payments-ingest.dryRun',
    ],
  ])('refuses %s with 400, naming the field', async (_what, body, field) => {
    const answer = await post(`bad-${field}`, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      problems: expect.arrayContaining([expect.objectContaining({ field })]),
    });
  });

  test('says of what belongs beside input where it belongs, together with the job’s own mistakes', async () => {
    const input = { dryRun: true, limit: 0 };
    const answer = await post('beside', { job: 'cabinet.claims-reconcile', asOf: '2026-01-13', input });
    expect(answer).toMatchObject({
      status: 400,
      body: {
        problems: [
          { field: 'input.dryRun', value: true, rule: 'belongs beside input, where it is the whole run’s' },
          { field: 'limit', value: 0 },
        ],
      },
    });
  });

  test('needs a JSON content type and an idempotency key', async () => {
    const body = { job: 'cabinet.validation' };
    expect(await post('key-5', body, { 'content-type': 'text/plain' })).toMatchObject({
      status: 400,
      body: { problems: [{ field: 'header.content-type' }] },
    });
    const keyless = await call(runsStart, operator, { body: JSON.stringify(body), headers: json });
    expect(keyless).toMatchObject({ status: 400, body: { problems: [{ field: 'header.idempotency-key' }] } });
  });

  test('leaves no run behind when it refuses', async () => {
    const [before] = await count();
    await post('bad-again', { job: 'cabinet.claims-reconcile', input: { limit: 0 } });
    expect(await count()).toEqual([before]);
  });
});

function count() {
  return database.admin.sql(z.strictObject({ runs: z.string() }))`select count(*) as runs from ops.runs`;
}
