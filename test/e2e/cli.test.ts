import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { startPipeline } from '../../functions/core/start.ts';
import { ownDatabase, testDatabase } from '../support/database.ts';
import { trigger } from '../support/toy.ts';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function cli(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const main = join(import.meta.dirname, '../../infra/local/cli/main.ts');
  const { PATH = '', HOME = '' } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env: { PATH, HOME, ...env } }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err });
    });
  });
}

describe('npm run job', () => {
  const database = testDatabase({ golden: true });
  let env: Record<string, string>;
  beforeAll(() => {
    env = { DATABASE_URL: database.url('cuadre_jobs') };
  });
  const job = (...args: string[]) => cli(['job', ...args], env);

  test('ends with 1 when rows were rejected, and with 0 when there was nothing new', async () => {
    const first = await job('cabinet.trips-load', '--as-of', '2026-01-13');
    expect([first.code, first.out]).toEqual([1, expect.stringContaining('facts_inserted')]);
    expect((await job('cabinet.trips-load', '--as-of', '2026-01-13')).code).toBe(0);
  });

  test('says what it would do, does it, and writes both files', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cuadre-cli-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const [asJson, asCsv] = [join(directory, 'out.json'), join(directory, 'out.csv')];
    const args = ['cabinet.claims-reconcile', '--limit', '100', '--as-of', '2026-01-13'];
    const dry = await job(...args, '--dry-run');
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/would_insert +25/)]);
    const real = await job(...args, '--output-json', asJson, '--output-csv', asCsv);
    expect([real.code, real.out]).toEqual([0, expect.stringMatching(/claims_inserted +25/)]);
    const written = z
      .looseObject({ status: z.string(), dry_run: z.boolean(), decisions: z.array(z.unknown()) })
      .parse(JSON.parse(await readFile(asJson, 'utf8')));
    expect([written.status, written.dry_run, written.decisions.length]).toEqual(['succeeded', false, 28]);
    const csv = await readFile(asCsv, 'utf8');
    expect(csv.startsWith('metric,value\r\n')).toBe(true);
    expect(csv).toContain('by_milestone.inserted.total.amount,695.00\r\n');
  });

  test.each<[string, string[], string]>([
    ['an unknown job', ['cabinet.nothing'], 'job: must be one of cabinet.payments-ingest'],
    ['no job', [], 'usage: npm run job'],
    ['an unknown flag', ['cabinet.claims-reconcile', '--limt', '3'], "Unknown option '--limt'"],
    [
      'milestone 7',
      ['cabinet.claims-reconcile', '--only-milestone', '7'],
      'onlyMilestone: must be one of the milestones 1, 5 and 25, got 7',
    ],
    [
      'a limit of 0',
      ['cabinet.claims-reconcile', '--limit', '0'],
      'limit: must be a whole number from 1 to 100000, or "all", got 0',
    ],
    [
      'a limit over the maximum',
      ['cabinet.claims-reconcile', '--limit', '100001'],
      'limit: must be a whole number',
    ],
    [
      'days back 1.5',
      ['cabinet.claims-reconcile', '--days-back', '1.5'],
      'daysBack: must be a whole number of days',
    ],
    [
      'days back -1',
      ['cabinet.claims-reconcile', '--days-back=-1'],
      'daysBack: must be a whole number of days',
    ],
    [
      'a week that does not begin on Monday',
      ['cabinet.claims-reconcile', '--week-start', '2026-01-06'],
      'weekStart: must be a Monday',
    ],
    [
      'a date that does not exist',
      ['cabinet.validation', '--as-of', '2026-02-30'],
      'asOf: must be a calendar date that exists',
    ],
    [
      'a date with a time',
      ['cabinet.validation', '--as-of', '2026-01-13T00:00:00'],
      'asOf: must be a calendar date',
    ],
    ['a future date', ['cabinet.validation', '--as-of', '2199-01-01'], 'asOf: must not be in the future'],
    [
      'SQL in a value',
      ['cabinet.claims-reconcile', '--limit', '1; drop table ops.runs'],
      'limit: must be a whole number',
    ],
  ])('refuses %s with 2 and a sentence, and starts no run', async (_what, args, sentence) => {
    const count = () =>
      database.admin.sql(z.strictObject({ n: z.string() }))`select count(*) as n from ops.runs`;
    const before = await count();
    const ended = await job(...args);
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining(sentence)]);
    expect(ended.err).not.toContain('    at ');
    expect(await count()).toEqual(before);
  });

  test('is refused with 2 beside a run of the same day, naming it', async () => {
    const jobs = database.connect('cuadre_jobs');
    const request = { asOf: '2026-01-10', dryRun: false, input: {} };
    const run = await startPipeline(jobs.sql, cabinetDaily, request, trigger(), {
      inline: false,
      codeVersion: 'test',
    });
    const ended = await job('cabinet.claims-reconcile', '--as-of', '2026-01-10');
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining(run.runId)]);
  });

  test('says so when the database is down', async () => {
    const ended = await cli(['job', 'cabinet.validation'], {
      DATABASE_URL: 'postgres://cuadre_jobs@127.0.0.1:1/cuadre',
    });
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining('ECONNREFUSED')]);
  });

  test('says what to do when the schema is behind, and when there is none', async () => {
    await database.admin
      .sql`delete from ops.schema_migrations where number = (select max(number) from ops.schema_migrations)`;
    const behind = await job('cabinet.validation');
    expect([behind.code, behind.err]).toEqual([2, expect.stringContaining('migrat')]);
    const empty = await ownDatabase({ empty: true });
    const none = await cli(['job', 'cabinet.validation'], { DATABASE_URL: empty.url() });
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('migrat')]);
  });

  test('says how to get a database when none is named or running', async () => {
    const ended = await cli(['job', 'cabinet.validation'], { CUADRE_STATE: tmpdir() });
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining('npm start')]);
  });
});

describe('npm run demo', () => {
  test('refuses a data set that is not whole, naming file, line, column and value, and says so with 2', async () => {
    const ended = await cli(['demo', '--data', join(import.meta.dirname, 'no-such-directory')]);
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining('must be a directory')]);
  });

  test('refuses a bad flag before it starts anything', async () => {
    const ended = await cli(['demo', '--limit', '0']);
    expect([ended.code, ended.err, ended.out]).toEqual([2, expect.stringContaining('limit: must be'), '']);
  });
});
