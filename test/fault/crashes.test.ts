import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Job } from '../../functions/core/job.ts';
import { kill } from '../support/crash/kill.ts';
import { FATES, Points, type Stop } from '../support/crash/points.ts';
import { pairs, strided } from '../support/crash/sample.ts';
import { timed } from '../support/crash/timed.ts';
import { type Rescue, World } from '../support/crash/world.ts';
import { testDatabase } from '../support/database.ts';
import { createEffects, toyJob, toyPipeline } from '../support/toy.ts';

/** `npm run faults` tries every point; otherwise every so many, another set for each fate. */
const STRIDE = 41;
const PAIRS = { pairs: 6, allPairs: 400 };
const RESCUES: readonly Rescue[] = ['the message', 'the sweeper'];

const jobs = [
  toyJob('toy.first'),
  // Two chunks: what was committed with the first is not done again.
  toyJob('toy.second', async ({ checkpoint }) =>
    checkpoint === null ? { report: { chunk: 1 }, next: 2 } : { report: { chunk: 2 } },
  ),
  toyJob('toy.third'),
  toyJob('toy.alert'),
];

const database = testDatabase();
beforeAll(() => createEffects(database.admin));

const line = z.strictObject({ line: z.string() });

/** What a night leaves behind, apart from ids, times and how often it was tried. */
async function remains(asOf: string): Promise<string[]> {
  const rows = await database.admin.sql(line)`
    with run as (select * from ops.runs where as_of = ${asOf}::date), job as (select j.* from ops.job_runs j join run using (run_id))
    select concat_ws(' ', 'effect', job, note) as line from public.toy_effects
    union all select concat_ws(' ', 'decision', job, subject, decision) from ops.decisions join job using (job_run_id)
    union all select concat_ws(' ', 'job', job, status, report) from job
    union all select concat_ws(' ', 'run', pipeline, status, findings) from run
    union all select concat_ws(' ', 'unsent', o.job) from ops.outbox o join run using (run_id) where sent_at is null
    union all select concat_ws(' ', 'at work', j.job) from ops.attempts a join job j using (job_run_id) where a.status = 'running'
    order by 1`;
  return rows.map((row) => row.line);
}

let nights = 0;

/** A night of its own date in the one database. */
async function nightWith(plan: readonly Stop[], rescue: Rescue, bodies: readonly Job[] = jobs) {
  const asOf = new Date(Date.UTC(2010, 0, 1 + nights)).toISOString().slice(0, 10);
  nights += 1;
  await database.admin.sql`truncate public.toy_effects`;
  const points = new Points(new Map(plan), (pid) => kill(database.admin, pid));
  await new World({ database, pipeline: toyPipeline, jobs: bodies, asOf, points, rescue }).night();
  return { left: await remains(asOf), points };
}

describe.each(RESCUES)('a night that is stopped ends as the undisturbed one, rescued by %s', (rescue) => {
  let undisturbed: Awaited<ReturnType<typeof nightWith>>;
  beforeAll(async () => {
    undisturbed = await nightWith([], rescue);
  });

  test('undisturbed, every effect is there once', () => {
    expect(undisturbed.left.filter((left) => left.startsWith('effect'))).toEqual(
      ['toy.alert', 'toy.first', 'toy.second', 'toy.second', 'toy.third'].map((job) => `effect ${job} done`),
    );
    expect(undisturbed.left.filter((left) => /^(unsent|at work)/.test(left))).toEqual([]);
    const processes = new Set(undisturbed.points.passed.map((point) => point.split(':')[0]));
    expect([...processes].toSorted()).toEqual(
      ['planner', 'sweeper', ...jobs.map(({ name }) => name)].toSorted(),
    );
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
      console.log(`toys: ${spent.of(stops.length, 'stops')}, ${fate}, ${rescue}: 0 lost, 0 doubled, 0 stuck`);
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
    console.log(`toys: ${spent.of(drawn.length, 'pairs')}, ${rescue}: 0 lost, 0 doubled, 0 stuck`);
  }, 3_600_000);
});

test('the enumeration finds an effect that does not commit with its ledger entry', async () => {
  const careless = toyJob('toy.first', async () => {
    await database.admin.sql`insert into public.toy_effects (job, note) values ('toy.first', 'outside')`;
    return undefined;
  });
  const bodies = [careless, ...jobs.slice(1)];
  const { left, points } = await nightWith([], 'the sweeper', bodies);
  const commit = points.passed.indexOf('toy.first: before commit');
  expect((await nightWith([[commit, 'process']], 'the sweeper', bodies)).left).not.toEqual(left);
});
