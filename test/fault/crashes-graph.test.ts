import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { shardedJob } from '../../functions/core/job.ts';
import { pipeline } from '../../functions/core/pipeline.ts';
import { kill } from '../support/crash/kill.ts';
import { FATES, Points, type Stop } from '../support/crash/points.ts';
import { pairs, strided } from '../support/crash/sample.ts';
import { timed } from '../support/crash/timed.ts';
import { type Rescue, World } from '../support/crash/world.ts';
import { testDatabase } from '../support/database.ts';
import { createEffects, toyJob } from '../support/toy.ts';

/** `npm run faults` tries every point; otherwise every so many, another set for each fate. */
const STRIDE = 37;
const PAIRS = { pairs: 8, allPairs: 400 };
const RESCUES: readonly Rescue[] = ['the message', 'the sweeper'];

const node = { description: 'A toy. Input: none.', timeoutSeconds: 10, memoryMb: 128 };

/** Two roots; shards that stand in line for one slot each, one of them in two chunks; a join; and who waits softly for them. */
const graph = pipeline({
  name: 'toy-graph',
  domain: 'toy',
  timeZone: 'America/Lima',
  schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'America/Lima' },
  concurrency: 2,
  jobs: {
    'toy.split': { ...node, after: [], concurrency: 1 },
    'toy.beside': { ...node, after: [] },
    'toy.after': { ...node, after: ['toy.split', 'toy.beside'] },
    'toy.soft': { ...node, after: [], softAfter: [{ job: 'toy.after', maxAgeDays: 1 }] },
  },
});

const jobs = [
  shardedJob({
    name: 'toy.split',
    input: z.strictObject({}),
    shards: {
      input: z.strictObject({ chunks: z.int() }),
      async split({ sql }) {
        await sql`insert into public.toy_effects (job, note) values ('toy.split', 'split')`;
        return ['a', 'b', 'c'].map((key) => ({ key, input: { chunks: key === 'b' ? 2 : 1 } }));
      },
      async join({ sql, jobRunId }, shards) {
        await sql`insert into public.toy_effects (job, note) values ('toy.split', 'joined')`;
        await sql`insert into ops.decisions (job_run_id, subject, decision) values (${jobRunId}::uuid, 'all', 'JOINED')`;
        return { report: { joined: shards.map(({ key }) => key).join(' ') } };
      },
    },
    async run({ sql, jobRunId, shard, checkpoint }) {
      await sql`insert into public.toy_effects (job, note) values ('toy.split', ${shard.key})`;
      await sql`insert into ops.decisions (job_run_id, subject, decision) values (${jobRunId}::uuid, ${shard.key}, 'WRITTEN')`;
      return {
        report: { written: 1 },
        ...(checkpoint === null && shard.input.chunks > 1 ? { next: 2 } : {}),
      };
    },
  }),
  ...['toy.beside', 'toy.after', 'toy.soft'].map((name) => toyJob(name)),
];

const database = testDatabase();
beforeAll(() => createEffects(database.admin));

const line = z.strictObject({ line: z.string() });

/** What a night leaves behind, apart from ids, times and how often it was tried. */
async function remains(asOf: string): Promise<string[]> {
  const rows = await database.admin.sql(line)`
    with run as (select * from ops.runs where as_of = ${asOf}::date), job as (select j.* from ops.job_runs j join run using (run_id))
    select concat_ws(' ', 'effect', job, note) as line from public.toy_effects
    union all select concat_ws(' ', 'decision', job, shard, subject, decision) from ops.decisions join job using (job_run_id)
    union all select concat_ws(' ', 'job', job, shard, shard_key, shards, status, report, counters, stale_inputs) from job
    union all select concat_ws(' ', 'run', pipeline, status, findings) from run
    union all select concat_ws(' ', 'unsent', o.job) from ops.outbox o join run using (run_id) where sent_at is null
    union all select concat_ws(' ', 'in line', w.job) from ops.waiting_job_runs w
    union all select concat_ws(' ', 'at work', j.job) from ops.attempts a join job j using (job_run_id) where a.status = 'running'
    order by 1`;
  return rows.map((row) => row.line);
}

let nights = 0;

/** A night of its own date in the one database. */
async function nightWith(plan: readonly Stop[], rescue: Rescue) {
  const asOf = new Date(Date.UTC(2010, 0, 1 + nights)).toISOString().slice(0, 10);
  nights += 1;
  await database.admin.sql`truncate public.toy_effects`;
  const points = new Points(new Map(plan), (pid) => kill(database.admin, pid));
  await new World({ database, pipeline: graph, jobs, asOf, points, rescue }).night();
  return { left: await remains(asOf), points };
}

describe.each(RESCUES)(
  'a night of shards, joins and limits that is stopped ends as the undisturbed one, rescued by %s',
  (rescue) => {
    let undisturbed: Awaited<ReturnType<typeof nightWith>>;
    beforeAll(async () => {
      undisturbed = await nightWith([], rescue);
    });

    test('undisturbed, every effect is there once', () => {
      expect(undisturbed.left.filter((left) => left.startsWith('effect'))).toEqual([
        'effect toy.after done',
        'effect toy.beside done',
        'effect toy.soft done',
        // The chunked shard's effect is there once for each chunk.
        ...['a', 'b', 'b', 'c', 'joined', 'split'].map((note) => `effect toy.split ${note}`),
      ]);
      expect(undisturbed.left.filter((left) => /^(unsent|at work|in line)/.test(left))).toEqual([]);
      expect(undisturbed.left).toContain('run toy-graph succeeded 0');
    });

    test.each(FATES)(
      'at any of its points, by the loss of the %s',
      async (fate) => {
        const stops = undisturbed.points.stops(fate);
        const spent = timed(strided(stops, STRIDE, FATES.indexOf(fate)));
        for (const stop of spent) {
          const { left } = await nightWith([stop], rescue);
          expect(left, `${fate} at ${stop[0]}, ${undisturbed.points.passed[stop[0]]}`).toEqual(
            undisturbed.left,
          );
        }
        console.log(
          `toys of a graph: ${spent.of(stops.length, 'stops')}, ${fate}, ${rescue}: 0 lost, 0 doubled, 0 stuck`,
        );
      },
      3_600_000,
    );

    test('at two points, drawn by a seed', async () => {
      const drawn = pairs(
        FATES.flatMap((fate) => undisturbed.points.stops(fate)),
        PAIRS,
        20_260_113,
      );
      const spent = timed(drawn);
      for (const plan of spent) {
        const { left } = await nightWith(plan, rescue);
        expect(left, JSON.stringify(plan)).toEqual(undisturbed.left);
      }
      console.log(
        `toys of a graph: ${spent.of(drawn.length, 'pairs')}, ${rescue}: 0 lost, 0 doubled, 0 stuck`,
      );
    }, 3_600_000);
  },
);
