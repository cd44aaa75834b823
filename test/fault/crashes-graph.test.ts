import { beforeAll, expect } from 'vitest';
import * as z from 'zod';
import { shardedJob } from '../../functions/core/job.ts';
import { pipeline } from '../../functions/core/pipeline.ts';
import { describeToyNights, ToyNights } from '../support/crash/toy-nights.ts';
import { testDatabase } from '../support/database.ts';
import { createEffects, toyJob } from '../support/toy.ts';

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

describeToyNights(
  { title: 'a night of shards, joins and limits', name: 'toys of a graph', stride: 37, pairs: 8 },
  new ToyNights({ database, pipeline: graph, jobs }),
  ({ left }) => {
    expect(left.filter((each) => each.startsWith('effect'))).toEqual([
      'effect toy.after done',
      'effect toy.beside done',
      'effect toy.soft done',
      // The chunked shard's effect is there once for each chunk.
      ...['a', 'b', 'b', 'c', 'joined', 'split'].map((note) => `effect toy.split ${note}`),
    ]);
    expect(left).toContain('run toy-graph succeeded 0');
  },
);
