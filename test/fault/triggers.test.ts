import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';
import { startJob, startPipeline } from '../../functions/core/start.ts';
import { testDatabase } from '../support/database.ts';
import {
  deliver,
  goSilent,
  runStatus,
  services,
  startToy,
  toyJob,
  toyPipeline,
  trigger,
} from '../support/toy.ts';

const database = testDatabase();
let control: Database;
beforeAll(() => {
  control = database.connect('cuadre_jobs');
});

const options = { inline: false, codeVersion: 'test' };
const inline = { inline: true, codeVersion: 'test', dryRunByDefault: false };
const first = toyJob('toy.first');

describe('a trigger', () => {
  test('that fires twice, also at once, makes one run', async () => {
    const key = randomUUID();
    const other = database.connect('cuadre_jobs');
    const runs = await Promise.all([
      startToy(control, '2026-01-02', key),
      startToy(other, '2026-01-02', key),
    ]);
    const again = await startToy(control, '2026-01-02', key);
    expect(new Set([...runs, again].map(({ runId }) => runId)).size).toBe(1);
    expect([...runs, again].filter(({ created }) => created)).toHaveLength(1);
  });

  test('with a used key and another request is refused, naming the run', async () => {
    const key = randomUUID();
    const run = await startToy(control, '2026-01-03', key);
    await expect(startToy(control, '2026-01-04', key)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
      message: expect.stringContaining(run.runId),
    });
  });

  test('says the same in another key order and is the same request', async () => {
    const key = randomUUID();
    const start = (input: Record<string, Record<string, string>>) =>
      startPipeline(
        control.sql,
        toyPipeline,
        { asOf: '2026-01-05', dryRun: false, input },
        trigger(key),
        options,
      );
    const a = await start({ 'toy.first': { note: 'x' }, 'toy.second': { note: 'y' } });
    const b = await start({ 'toy.second': { note: 'y' }, 'toy.first': { note: 'x' } });
    expect(b.runId).toBe(a.runId);
  });
});

describe('a second run of the same pipeline and date', () => {
  test('is refused while the first is under way, naming it', async () => {
    const run = await startToy(control, '2026-01-06');
    await expect(startToy(control, '2026-01-06')).rejects.toMatchObject({
      code: 'RUN_ACTIVE',
      message: expect.stringContaining(run.runId),
    });
    await expect(startToy(control, '2026-01-07')).resolves.toMatchObject({ created: true });
  });

  test('of two at once one is made and one refused', async () => {
    const other = database.connect('cuadre_jobs');
    const settled = await Promise.allSettled([
      startToy(control, '2026-01-08'),
      startToy(other, '2026-01-08'),
    ]);
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('is let through when it is a dry run', async () => {
    await startToy(control, '2026-01-09');
    const request = { asOf: '2026-01-09', dryRun: true, input: {} };
    await expect(startPipeline(control.sql, toyPipeline, request, trigger(), options)).resolves.toMatchObject(
      { created: true },
    );
  });

  test('takes over when the first was run inline by a caller that is gone', async () => {
    const request = { asOf: '2026-01-10', dryRun: false, input: {} };
    const start = () => startJob(control.sql, toyPipeline, first, request, trigger(), inline);
    const abandoned = await start();
    const dies = toyJob('toy.first', async () => {
      await goSilent(database.admin, abandoned.jobRunId);
      await expect(start()).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
      await database.admin
        .sql`update ops.runs set created_at = created_at - interval '31 seconds' where run_id = ${abandoned.runId}::uuid`;
      await expect(start()).resolves.toMatchObject({ created: true });
      return undefined;
    });
    await database.admin.script(
      'create table public.toy_effects (job text, note text); grant insert on public.toy_effects to cuadre_jobs',
    );
    await deliver(services(database.connect('cuadre_jobs'), control), dies, abandoned.jobRunId, {
      caller: 'inline',
    });
    expect(await runStatus(database.admin, abandoned.runId)).toBe('failed ABANDONED toy.first');
  });
});

describe('a run', () => {
  test('keeps the date of its trigger, in the zone of its pipeline', async () => {
    // 03:00 UTC is still the day before in Lima.
    const due = new Date('2026-02-11T03:00:00Z');
    const asked = { asOf: undefined, dryRun: false, input: {} };
    const run = await startPipeline(control.sql, toyPipeline, asked, { ...trigger(), due }, options);
    expect(run.asOf).toBe('2026-02-10');
  });

  test('of a future date is refused', async () => {
    await expect(startToy(control, '2199-01-01')).rejects.toMatchObject({
      problems: [
        { field: 'asOf', value: '2199-01-01', rule: expect.stringContaining('must not be in the future') },
      ],
    });
  });

  test('with input for a job that the pipeline does not have is refused by name', async () => {
    const request = { asOf: '2026-01-12', dryRun: false, input: { 'toy.fourth': {} } };
    await expect(startPipelineLater(request)).rejects.toMatchObject({
      problems: [{ field: 'input.toy.fourth' }],
    });
  });

  test('of one job queues that job alone, with the input it was given', async () => {
    const request = first.request({ asOf: '2026-01-13', note: 'only me' });
    const run = await startJob(control.sql, toyPipeline, first, request, trigger(), {
      ...inline,
      inline: false,
    });
    const rows = await database.admin.sql(z.strictObject({ job: z.string(), input: z.json() }))`
      select job, input from ops.job_runs where run_id = ${run.runId}::uuid`;
    expect(rows).toEqual([{ job: 'toy.first', input: { note: 'only me' } }]);
  });
});

async function startPipelineLater(request: Parameters<typeof startPipeline>[2]) {
  return startPipeline(control.sql, toyPipeline, request, trigger(), options);
}

describe('the ledger', () => {
  const tables = ['runs', 'job_runs', 'attempts', 'heartbeats', 'outbox', 'dead_letters'];
  test.each(tables)('%s cannot be written by the jobs role except through its functions', async (table) => {
    await expect(control.script(`delete from ops.${table}`)).rejects.toMatchObject({ code: '42501' });
    await expect(control.script(`insert into ops.${table} default values`)).rejects.toMatchObject({
      code: '42501',
    });
  });

  test('decisions may be added by the jobs role and never changed', async () => {
    await expect(control.script(`update ops.decisions set decision = 'x'`)).rejects.toMatchObject({
      code: '42501',
    });
    await expect(control.script(`delete from ops.decisions`)).rejects.toMatchObject({ code: '42501' });
  });

  test('the reader and the operator cannot settle anything', async () => {
    for (const role of ['cuadre_reader', 'cuadre_operator'] as const) {
      const session = database.connect(role);
      await expect(
        session.sql`select ops.complete_attempt(gen_random_uuid(), 1, '{}', 0)`,
      ).rejects.toMatchObject({ code: '42501' });
    }
  });
});
