import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { page, project } from '../support/docs.ts';
import { startNight } from '../support/night.ts';

const run = promisify(execFile);

/** The blocks of docs/authors.md that say which file they are. */
const examples = new Map(
  [...page('docs/authors.md').text.matchAll(/<!-- example: (\S+) -->\n```\w+\n([\s\S]*?)```/g)].map(
    ([, path = '', text = '']) => [path, text],
  ),
);
const PIPELINE = 'functions/cabinet/pipeline.ts';

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
    for (const each of ['functions', 'infra', 'sql', 'package.json', 'cdk.json', 'tsconfig.json']) {
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

  test('is built, and runs in a night on the whole stack', async () => {
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
      .filter(({ job }) => job === 'cabinet.weeks-count');
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
  }, 120_000);
});
