import { beforeAll, expect, test } from 'vitest';
import { describeToyNights, ToyNights } from '../support/crash/toy-nights.ts';
import { testDatabase } from '../support/database.ts';
import { createEffects, toyJob, toyPipeline } from '../support/toy.ts';

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

const nights = new ToyNights({ database, pipeline: toyPipeline, jobs });

describeToyNights({ title: 'a night', name: 'toys', stride: 41, pairs: 6 }, nights, ({ left, points }) => {
  expect(left.filter((each) => each.startsWith('effect'))).toEqual(
    ['toy.alert', 'toy.first', 'toy.second', 'toy.second', 'toy.third'].map((job) => `effect ${job} done`),
  );
  const processes = new Set(points.passed.map((point) => point.split(':')[0]));
  expect([...processes].toSorted()).toEqual(
    ['planner', 'sweeper', ...jobs.map(({ name }) => name)].toSorted(),
  );
});

test('the enumeration finds an effect that does not commit with its ledger entry', async () => {
  const careless = toyJob('toy.first', async () => {
    await database.admin.sql`insert into public.toy_effects (job, note) values ('toy.first', 'outside')`;
    return undefined;
  });
  const bodies = [careless, ...jobs.slice(1)];
  const { left, points } = await nights.night([], 'the sweeper', bodies);
  const commit = points.passed.indexOf('toy.first: before commit');
  expect((await nights.night([[commit, 'process']], 'the sweeper', bodies)).left).not.toEqual(left);
});
