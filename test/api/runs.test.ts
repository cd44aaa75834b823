import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { runsDecisions } from '../../functions/api/runs-decisions.ts';
import { runsList } from '../../functions/api/runs-list.ts';
import { runsShow } from '../../functions/api/runs-show.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';
import { createEffects, deliver, services, startToy, toyJob } from '../support/toy.ts';

const database = testDatabase();
let reader: Environment;
const runIds: string[] = [];

beforeAll(async () => {
  await createEffects(database.admin);
  reader = environmentOf(database, 'cuadre_reader');
  const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
  for (const asOf of ['2026-01-02', '2026-01-03', '2026-01-04']) {
    const run = await startToy(to.control, asOf);
    runIds.unshift(run.runId);
    await deliver(to, toyJob('toy.first'), run.jobRunId);
  }
});

const pageBody = z.object({
  meta: z.object({ next_cursor: z.string().nullable(), returned: z.int() }),
  data: z.array(z.record(z.string(), z.unknown())),
});
const page = (body: unknown) => pageBody.parse(body);

describe('GET /api/v1/runs', () => {
  test('lists newest first, page by page, each run once', async () => {
    const seen: unknown[] = [];
    let cursor: string | null | undefined;
    do {
      const { status, body } = await call(runsList, reader, {
        query: { limit: '2', ...(cursor ? { cursor } : {}) },
      });
      expect(status).toBe(200);
      seen.push(...page(body).data.map((run) => run['run_id']));
      cursor = page(body).meta.next_cursor;
    } while (cursor);
    expect(seen).toEqual(runIds);
  });

  test('filters by date and status', async () => {
    const { body } = await call(runsList, reader, { query: { as_of: '2026-01-03', status: 'running' } });
    expect(page(body).data).toMatchObject([
      { run_id: runIds[1], as_of: '2026-01-03', dry_run: false, pipeline: 'toy-daily' },
    ]);
    expect(page((await call(runsList, reader, { query: { status: 'failed' } })).body).data).toEqual([]);
  });

  test.each<[Record<string, string>, number]>([
    [{ kind: 'pipeline' }, 3],
    [{ kind: 'job' }, 0],
    [{ job: 'toy.third' }, 3],
    [{ job: 'toy.fourth' }, 0],
    [{ trigger: 'api' }, 3],
    [{ trigger: 'schedule' }, 0],
    [{ dry_run: 'false' }, 3],
    [{ dry_run: 'true' }, 0],
    [{ code: 'WORKER_LOST' }, 0],
    [{ as_of_from: '2026-01-03' }, 2],
    [{ as_of_to: '2026-01-03' }, 2],
    [{ as_of_from: '2026-01-03', as_of_to: '2026-01-03' }, 1],
    [{ since: '2020-01-01T00:00:00Z', until: '9999-12-31T23:59:59Z' }, 3],
    [{ until: '2020-01-01T00:00:00-05:00' }, 0],
    [{ since: '2020-01-01T00:00:00+23:59' }, 3],
  ])('filters by %j', async (query, found) => {
    const { status, body } = await call(runsList, reader, { query });
    expect([status, page(body).data.length]).toEqual([200, found]);
  });

  test('keeps SQL in a parameter as text', async () => {
    const { status, body } = await call(runsList, reader, {
      query: { pipeline: "x'; drop table ops.runs; --" },
    });
    expect(status).toBe(200);
    expect(page(body).data).toEqual([]);
  });

  test('answers 304 to whoever has the page already', async () => {
    const first = await call(runsList, reader);
    const etag = String(first.headers['etag']);
    const again = await call(runsList, reader, { headers: { 'if-none-match': `"other", ${etag}` } });
    expect([again.status, again.body]).toEqual([304, undefined]);
  });

  test.each([
    [{ limit: '0' }, 'query.limit', '0'],
    [{ limit: '201' }, 'query.limit', '201'],
    [{ limit: '1e2' }, 'query.limit', '1e2'],
    [{ limit: '' }, 'query.limit', ''],
    [{ as_of: '2026-02-30' }, 'query.as_of', '2026-02-30'],
    [{ as_of: '2026-01-13T00:00:00Z' }, 'query.as_of', '2026-01-13T00:00:00Z'],
    [{ status: 'done' }, 'query.status', 'done'],
    [{ cursor: 'nonsense' }, 'query.cursor', 'nonsense'],
    [{ colour: 'red' }, 'query.colour', 'red'],
    [{ kind: 'night' }, 'query.kind', 'night'],
    [{ dry_run: 'yes' }, 'query.dry_run', 'yes'],
    [{ since: '2026-01-13' }, 'query.since', '2026-01-13'],
    [{ since: '0000-01-01T00:00:00Z' }, 'query.since', '0000-01-01T00:00:00Z'],
    [{ as_of_from: '2026-01-04', as_of_to: '2026-01-03' }, 'query.as_of_to', '2026-01-03'],
    [
      { since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' },
      'query.until',
      '2026-01-01T00:00:00.000Z',
    ],
  ])('refuses %j with 400, naming the field and the value', async (query, field, value) => {
    const { status, headers, body } = await call(runsList, reader, { query });
    expect(status).toBe(400);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toMatchObject({ status: 400, problems: [{ field, value }] });
  });
});

describe('GET /api/v1/runs/{run_id}', () => {
  test('shows the run with its jobs, attempts, counters and messages', async () => {
    const { status, body } = await call(runsShow, reader, { path: { run_id: runIds[0] ?? '' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      run_id: runIds[0],
      as_of: '2026-01-04',
      trigger_kind: 'api',
      code_version: 'test',
      jobs: [
        {
          job: 'toy.first',
          status: 'succeeded',
          report: { written: 1 },
          counters: [{ decision: 'WRITTEN', reason: null, detail: null, count: 1 }],
          attempts: [{ attempt: 1, status: 'succeeded', caller: 'sqs' }],
        },
        { job: 'toy.second', status: 'queued', attempts: [] },
      ],
      // The first wakes the sweeper.
      messages: [{ job: 'toy.sweep' }, { job: 'toy.first' }, { job: 'toy.second' }],
      operator_actions: [],
    });
  });

  test('says 404 of an unknown run and 400 of what is no id', async () => {
    const unknown = await call(runsShow, reader, {
      path: { run_id: '00000000-0000-4000-8000-000000000000' },
    });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'UNKNOWN_RUN' } });
    const wrong = await call(runsShow, reader, { path: { run_id: "1' or '1'='1" } });
    expect(wrong).toMatchObject({ status: 400, body: { problems: [{ field: 'path.run_id' }] } });
  });
});

describe('GET /api/v1/runs/{run_id}/decisions', () => {
  test('pages through what was decided and filters it', async () => {
    const path = { run_id: runIds[0] ?? '' };
    const all = await call(runsDecisions, reader, { path, query: { limit: '1' } });
    expect(page(all.body).data).toMatchObject([
      { job: 'toy.first', subject: 'toy.first', decision: 'WRITTEN', evidence: {} },
    ]);
    const next = await call(runsDecisions, reader, {
      path,
      query: { cursor: page(all.body).meta.next_cursor ?? '' },
    });
    expect(page(next.body).data).toEqual([]);
    const none = await call(runsDecisions, reader, { path, query: { decision: 'OTHER' } });
    expect(page(none.body).data).toEqual([]);
  });

  test('says 404 of an unknown run', async () => {
    const path = { run_id: '00000000-0000-4000-8000-000000000000' };
    expect((await call(runsDecisions, reader, { path })).status).toBe(404);
  });
});

test('a database that is away is a 503 that says to try again', async () => {
  const away = { ...reader, control: database.connect('cuadre_reader', { port: 1 }) };
  const { status, headers, body } = await call(runsList, away);
  expect([status, headers['retry-after']]).toEqual([503, '5']);
  expect(JSON.stringify(body)).not.toContain('127.0.0.1');
});
