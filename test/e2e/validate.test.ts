import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { mvRefresh } from '../../functions/cabinet/mv-refresh.ts';
import { paymentsIngest } from '../../functions/cabinet/payments-ingest.ts';
import { tripsLoad } from '../../functions/cabinet/trips-load.ts';
import { probes } from '../../infra/local/cli/validate/probes.ts';
import { testDatabase } from '../support/database.ts';
import { call, environmentOf } from '../support/http.ts';
import { runJob } from '../support/run-job.ts';

const AS_OF = '2026-01-13';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('npm run validate', () => {
  const database = testDatabase({ golden: true });
  beforeAll(async () => {
    await runJob(database, paymentsIngest, { asOf: AS_OF });
    await runJob(database, tripsLoad, { asOf: AS_OF });
    await runJob(database, mvRefresh, { asOf: AS_OF });
  });

  function validate(...args: string[]): Promise<Ended> {
    const main = join(import.meta.dirname, '../../infra/local/cli/main.ts');
    const { PATH = '', HOME = '' } = process.env;
    const env = { PATH, HOME, DATABASE_URL: database.url('cuadre_jobs'), CUADRE_STATE: tmpdir() };
    return new Promise((resolve) => {
      execFile(process.execPath, [main, 'validate', ...args], { env }, (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, out, err });
      });
    });
  }

  /** The real endpoints behind HTTP; `lie` may change what the one of a name answers. */
  async function api(
    name = '',
    lie: (text: string) => { status?: number; text: string } = (text) => ({ text }),
  ) {
    const environment = environmentOf(database, 'cuadre_reader');
    const server = createServer(async (request, response) => {
      const url = new URL(request.url ?? '', 'http://api');
      const probe = probes.find(({ endpoint }) => endpoint.route === url.pathname);
      if (probe === undefined) {
        response.writeHead(404).end();
        return;
      }
      const answer = await call(probe.endpoint, environment, { query: Object.fromEntries(url.searchParams) });
      const text = JSON.stringify(answer.body);
      const said = probe.name === name ? lie(text) : { text };
      response.writeHead(said.status ?? answer.status, { 'content-type': 'application/json' }).end(said.text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    // A TCP server's address is an object.
    const { port } = z
      .object({ port: z.int() })
      .parse(server.address() satisfies AddressInfo | string | null);
    return `http://127.0.0.1:${port}`;
  }

  test('ends with 0 when checks pass and every figure of the endpoints is the database’s', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cuadre-validate-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'report.json');
    const ended = await validate('--base-url', await api(), '--as-of', AS_OF, '--output-json', file);
    expect([ended.err, ended.code]).toEqual(['', 0]);
    expect(ended.out).toMatch(/figures +38 of 38 equal in endpoint and database/);
    expect(ended.out).toContain('WARNING  scout_coverage_goal: 74.10 %');
    const report = z
      .object({
        all_passed: z.boolean(),
        endpoints: z.array(
          z.object({ name: z.string(), status: z.int(), milliseconds: z.int(), problem: z.null() }),
        ),
        comparisons: z.array(
          z.object({ name: z.string(), endpoint: z.string(), sql: z.string(), equal: z.boolean() }),
        ),
        drivers_without_week: z.int(),
        validation: z.looseObject({
          report: z.looseObject({ as_of: z.string(), correlation: z.array(z.json()) }),
        }),
      })
      .parse(JSON.parse(await readFile(file, 'utf8')));
    expect(report.endpoints.map(({ name }) => name)).toEqual(probes.map(({ name }) => name));
    expect(report.comparisons.find(({ name }) => name === 'weekly-kpis with_debt.debt_sum')).toEqual({
      name: 'weekly-kpis with_debt.debt_sum',
      endpoint: '886500',
      sql: '886500',
      equal: true,
    });
    expect([report.all_passed, report.drivers_without_week]).toEqual([true, 0]);
  });

  test.each([
    [
      'a cent less',
      'table',
      (text: string) => ({ text: text.replaceAll('"8865.00"', '"8864.99"') }),
      /table with_debt\.total_debt_yango: endpoint 886499, database 886500/,
    ],
    [
      'another count',
      'limbo',
      (text: string) => ({ text: text.replace('"limbo_ok":', '"limbo_ok":1') }),
      /limbo limbo_ok: endpoint 1\d+, database \d+/,
    ],
    [
      'an error',
      'claims-gap',
      () => ({ status: 500, text: '{"title": "no"}' }),
      /claims-gap +500 .*answered 500/,
    ],
    [
      'a shape of its own',
      'scout-metrics',
      () => ({ text: '{"metrics": {}}' }),
      /scout-metrics .*not of its shape/,
    ],
    ['what is no JSON', 'reconciliation', () => ({ text: '<html>' }), /reconciliation .*no JSON/],
  ])('ends with 1 when an endpoint answers %s', async (_what, name, lie, told) => {
    const ended = await validate('--base-url', await api(name, lie), '--as-of', AS_OF);
    expect(ended.out).toMatch(told);
    expect(ended.out).toContain('not all passed');
    expect(ended.code).toBe(1);
  });

  test.each([
    ['nobody listens', ['--base-url', 'http://127.0.0.1:9'], /127\.0\.0\.1:9 does not answer/],
    ['the address is none', ['--base-url', 'localhost'], /--base-url: must be an http or https address/],
    ['no stack runs and no address is given', [], /no local stack is running/],
    ['the date is none', ['--base-url', 'http://127.0.0.1:9', '--as-of', '2026-02-30'], /asOf/],
    ['a flag is unknown', ['--skip-ui'], /skip-ui/],
  ])('ends with 2 when %s', async (_what, args, told) => {
    const ended = await validate(...args);
    expect(ended.err).toMatch(told);
    expect(ended.code).toBe(2);
  });
});
