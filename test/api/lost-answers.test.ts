/** The database has done what was asked, and its answer never came. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { runsCancel } from '../../functions/api/runs-cancel.ts';
import { LostError } from '../../functions/core/errors.ts';
import { endpoint, noParameters } from '../../functions/core/http.ts';
import type { Environment } from '../../functions/core/services.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { runStatus, startToy } from '../support/toy.ts';

const database = testDatabase();
let proxy: TcpProxy;
let operator: Environment;

beforeAll(async () => {
  const url = new URL(database.url());
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  const control = database.connect('cuadre_operator', { port: proxy.port });
  operator = { ...environmentOf(database, 'cuadre_operator'), control };
});
afterAll(() => proxy.stop());

test('a cancellation that may be done is not said to be worth another try: a 500 that says to look', async () => {
  const run = await startToy(database.connect('cuadre_jobs'), '2026-01-05');
  proxy.rule = ({ from, bytes }) => (from === 'server' && bytes.includes('CANCELLED') ? 'reset' : 'pass');
  const answer = await call(runsCancel, operator, {
    path: { run_id: run.runId },
    body: JSON.stringify({ reason: 'a test' }),
    headers: { 'content-type': 'application/json' },
  });
  expect(answer).toMatchObject({
    status: 500,
    body: {
      code: 'COMMIT_UNKNOWN',
      detail: expect.stringContaining('Look at the state before you try again'),
    },
  });
  expect(answer.headers).not.toHaveProperty('retry-after');
  expect(await runStatus(database.admin, run.runId)).toContain('failed CANCELLED');
});

test('a read can have done nothing: a 503 that says to try again', async () => {
  const reads = endpoint({
    method: 'GET',
    route: '/lost',
    summary: 'A toy',
    query: noParameters,
    path: noParameters,
    answer: z.strictObject({}),
    run: async () => {
      throw new LostError('the connection was lost during "select ops.as_of()"', { code: 'COMMIT_UNKNOWN' });
    },
  });
  expect(await call(reads, operator)).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
});
