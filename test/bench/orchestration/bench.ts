import { wakeOf } from '../../../functions/core/pipeline.ts';
import { createSchema } from '../claims/generate.ts';
import { Server } from '../claims/server.ts';
import { describeMachine } from '../machine.ts';
import { whole } from '../stats.ts';
import { bareRate, createBare } from './bare.ts';
import { type Measured, measure } from './measure.ts';
import { type Options, readOptions } from './options.ts';
import { AwsPart } from './services.ts';
import { chainOf } from './tasks.ts';

const DATABASE = 'bench_orchestration';

/** Runs that are not counted: connections are opened, statements prepared, code compiled. */
const WARMING = 20;

export async function bench(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  const server = await Server.start();
  try {
    for (const line of await describeMachine(server.admin)) console.log(line);
    await server.create(DATABASE);
    await server.as('postgres', DATABASE, async (admin) => {
      await createSchema(admin);
      await createBare(admin);
      const url = server.url(DATABASE, 'cuadre_jobs');
      const { tasks, workers, seconds } = options;
      const bareBefore = await measureBare(url, workers, seconds);
      const { chain, jobs } = chainOf(tasks);
      const aws = await AwsPart.start([...jobs.keys()], [wakeOf(chain)], { url, tasks }, workers);
      try {
        let day = 0;
        const date = () => new Date(Date.UTC(2000, 0, ++day)).toISOString().slice(0, 10);
        const path = { admin, aws, tasks, date };
        await measure(path, WARMING, 'one by one');
        await measure(path, WARMING, 'at once');
        const single = await measure(path, options.single, 'one by one');
        const many = await measure(path, options.runs, 'at once');
        const bareAfter = await measureBare(url, workers, seconds);
        for (const line of report(options, [bareBefore, bareAfter], single, many)) console.log(line);
      } finally {
        await aws.stop();
      }
    });
  } finally {
    await server.stop();
  }
}

interface Bare {
  readonly one: number;
  readonly all: number;
}

async function measureBare(url: string, workers: number, seconds: number): Promise<Bare> {
  return { one: await bareRate(url, 1, seconds), all: await bareRate(url, workers, seconds) };
}

function report(options: Options, bares: readonly Bare[], single: Measured, many: Measured): string[] {
  const { tasks, runs, workers } = options;
  const mean = (of: keyof Bare) => bares.reduce((sum, bare) => sum + bare[of], 0) / bares.length;
  const rate = (many.tasks / many.milliseconds) * 1000;
  return [
    '',
    ...bares.map(
      ({ one, all }, at) =>
        `bare, ${at === 0 ? 'before' : 'after '}        ${whole(one)}/s on one connection, ${whole(all)}/s on ${workers}`,
    ),
    '',
    `one run after the other: ${whole(single.tasks)} tasks, ${tasks} in a chain`,
    `  per task           ${(single.milliseconds / single.tasks).toFixed(2)} ms`,
    ...lines(single),
    '',
    `${runs} runs at once, ${workers} workers: ${whole(many.tasks)} tasks`,
    `  completions        ${whole(rate)}/s: ${(rate / mean('one')).toFixed(2)} of the bare rate on one connection, ${(rate / mean('all')).toFixed(2)} of that on ${workers}`,
    ...lines(many),
  ];
}

function lines({ dispatch, cpu }: Measured): string[] {
  const { database, workers, queues } = cpu;
  return [
    `  dispatch           p50 ${dispatch.p50.toFixed(1)} ms, p99 ${dispatch.p99.toFixed(1)} ms, at most ${dispatch.most.toFixed(1)} ms`,
    `  processor, a task  PostgreSQL ${database.toFixed(2)} ms, workers ${workers.toFixed(2)} ms, queues ${queues.toFixed(2)} ms`,
  ];
}
