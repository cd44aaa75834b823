import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { awaitRun } from '../../infra/local/cli/demo-run.ts';
import { page, project } from '../support/docs.ts';
import { AS_OF, type Night, startNight } from '../support/night.ts';

const run = promisify(execFile);

/** The blocks of docs/authors.md that say which file they are. */
const examples = new Map(
  [...page('docs/authors.md').text.matchAll(/<!-- example: (\S+) -->\n```\w+\n([\s\S]*?)```/g)].map(
    ([, path = '', text = '']) => [path, text],
  ),
);
const PIPELINE = 'functions/cabinet/pipeline.ts';
const JOB = 'cabinet.weeks-count';

/** What the job's code, its stack and the tests of the pages need. */
const PROJECT = [
  ...['functions', 'infra', 'sql', 'test', 'docs', 'README.md'],
  ...['package.json', 'cdk.json', 'tsconfig.json', 'vitest.config.ts', '.ci'],
];

const jobRun = z.looseObject({
  job: z.string(),
  shard: z.int(),
  shard_key: z.string().nullable(),
  status: z.string(),
  report: z.record(z.string(), z.json()).nullable(),
  counters: z.json(),
});

describe("the example of the authors' page", () => {
  let copy: string;

  /** A copy of the project with the example in it: new files as they are, and one line more in the pipeline. */
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'cuadre-author-'));
    for (const each of PROJECT) {
      await cp(join(project, each), join(copy, each), { recursive: true });
    }
    await symlink(join(project, 'node_modules'), join(copy, 'node_modules'));
    for (const [path, text] of examples) {
      if (path !== PIPELINE) await writeFile(join(copy, path), text, { flag: 'wx' });
    }
    const declaration = await readFile(join(copy, PIPELINE), 'utf8');
    await writeFile(
      join(copy, PIPELINE),
      declaration.replace(/^ {2}jobs: \{\n/m, `$&${examples.get(PIPELINE)}`),
    );
  });
  afterAll(() => rm(copy, { recursive: true }));

  test('touches its own file, its SQL, and one line of the pipeline', () => {
    expect([...examples.keys()].filter((path) => path !== PIPELINE)).toEqual([
      'sql/cabinet/views/cabinet_week.sql',
      'functions/cabinet/weeks-count.ts',
    ]);
    expect(examples.get(PIPELINE)?.trimEnd().split('\n')).toHaveLength(1);
  });

  test('has types that fit', async () => {
    await writeFile(
      join(copy, 'tsconfig.example.json'),
      JSON.stringify({ extends: './tsconfig.json', include: ['functions'] }),
    );
    await run(join(project, 'node_modules/.bin/tsc'), ['--noEmit', '-p', 'tsconfig.example.json'], {
      cwd: copy,
    });
  });

  test('is on the pages that are written from the code, and the tests of the pages ask for nothing more', async () => {
    const vitest = (...args: string[]) =>
      run(join(project, 'node_modules/.bin/vitest'), ['run', ...args], {
        cwd: copy,
        env: { ...process.env, UPDATE_DOCS: '1' },
      });
    await vitest('test/unit/docs.test.ts');
    await vitest(
      'test/unit/docs-lists.test.ts',
      'test/unit/docs-runbook.test.ts',
      'test/unit/load-job.test.ts',
    );
    const cabinet = await readFile(join(copy, 'docs/cabinet.md'), 'utf8');
    expect(cabinet).toContain(`| \`${JOB}\` | \`cabinet.trips-load\` | Counts the trips of the last weeks`);
    expect(await readFile(join(copy, 'docs/operate.md'), 'utf8')).toContain(
      '`cuadre-cabinet-weeks-count-errors`',
    );
  }, 120_000);

  test('is built, runs in a night on the whole stack, and alone by its name', async () => {
    const assembly = join(copy, 'cdk.out');
    await run(process.execPath, ['infra/app.ts'], {
      cwd: copy,
      env: { ...process.env, CDK_OUTDIR: assembly },
    });
    const night = await startNight({ assembly });
    const { document } = await night.run();
    expect(document.status).toBe('succeeded');
    const shards = z
      .array(jobRun)
      .parse(document.jobs)
      .filter(({ job }) => job === JOB);
    expect(shards.map(({ shard_key, status }) => [shard_key, status])).toEqual([
      [null, 'succeeded'],
      ['2025-12-22', 'succeeded'],
      ['2025-12-29', 'succeeded'],
      ['2026-01-05', 'succeeded'],
      ['2026-01-12', 'succeeded'],
    ]);
    const [counted] = await night.admin.sql(z.strictObject({ trips: z.int(), hours: z.string() }))`
      select sum(trips)::integer as trips, sum(hours) as hours
      from (
        select sum(trips) as trips, round(sum(work_seconds) / 3600, 1) as hours
        from canon.driver_day_trips where trip_date between '2025-12-22' and '2026-01-13'
        group by date_trunc('week', trip_date)
      ) week`;
    expect(counted?.trips).toBeGreaterThan(100);
    expect(shards[0]).toMatchObject({
      report: { weeks: 4, ...counted },
      counters: [{ decision: 'COUNTED', reason: null, detail: null, count: 4 }],
    });
    await isTraced(night, document.run_id, 'trips', counted?.trips);
    await startsAlone(night, copy);
  }, 120_000);
});

const figure = z.object({
  figure: z.object({ value: z.json() }),
  trace: z.object({ agrees: z.boolean() }),
  data: z.array(z.object({ subject: z.string() })),
});

/** The figure leads back to the decisions of the shards. */
async function isTraced({ stack }: Night, runId: string, path: string, value: unknown): Promise<void> {
  const answer = await fetch(`${stack.urls.api}/api/v1/runs/${runId}/figures/${JOB}/${path}`);
  const traced = figure.parse(await answer.json());
  expect(traced).toMatchObject({ figure: { value }, trace: { agrees: true } });
  expect(traced.data.map(({ subject }) => subject).toSorted()).toEqual([
    '2025-12-22',
    '2025-12-29',
    '2026-01-05',
    '2026-01-12',
  ]);
}

/** Through the run API, the command line and the console: each knows the name, what the job takes, and the job. */
async function startsAlone({ stack }: Night, copy: string): Promise<void> {
  const post = (body: object) =>
    fetch(`${stack.urls.api}/api/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': JSON.stringify(body) },
      body: JSON.stringify(body),
    });
  const refused = async (body: object) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    return answer.text();
  };
  expect(await refused({ job: 'cabinet.nobodys' })).toContain(JOB);
  expect(await refused({ job: JOB, input: { weeks: 53 } })).toMatch(/"weeks".*53/);
  const { document } = await awaitRun(stack, async () => {
    expect((await post({ job: JOB, asOf: AS_OF, input: { weeks: 2 } })).status).toBe(202);
  });
  expect(document.status).toBe('succeeded');
  expect(document.jobs[0]).toMatchObject({ job: JOB, report: { weeks: 2 } });

  const { result } = await stack.invoke('cuadre-cabinet-weeks-count', { asOf: AS_OF });
  expect(result).toMatchObject({ status: 'succeeded', dry_run: true, report: { weeks: 4 } });

  const { stdout } = await run(
    process.execPath,
    ['infra/local/cli/main.ts', 'job', JOB, '--weeks', '3', '--as-of', AS_OF],
    { cwd: copy, env: { ...process.env, DATABASE_URL: stack.databaseAs('cuadre_jobs') } },
  );
  expect(stdout).toMatch(/weeks +3/);
}
