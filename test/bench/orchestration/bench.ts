import type { Database } from '../../../functions/core/database.ts';
import { wakeOf } from '../../../functions/core/pipeline.ts';
import { createSchema } from '../claims/generate.ts';
import { Server } from '../claims/server.ts';
import { clusterCpu, postmasterOf, processCpu } from '../cluster-cpu.ts';
import { describeMachine } from '../machine.ts';
import { whole } from '../stats.ts';
import { bareRate, createBare } from './bare.ts';
import { type Dispatch, dispatchOf } from './dispatch.ts';
import { type Options, readOptions } from './options.ts';
import { QueueServer } from './queue-server.ts';
import { Dates, planRun } from './runs.ts';
import { chainOf } from './tasks.ts';
import { closeEnvironment, environmentOf, Workers } from './workers.ts';

const DATABASE = 'bench_orchestration';

export async function bench(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  const server = await Server.start();
  try {
    for (const line of await describeMachine(server.admin)) console.log(line);
    await server.create(DATABASE);
    await server.as('postgres', DATABASE, async (admin) => {
      await createSchema(admin);
      await createBare(admin);
      const bare = await measureBare(server, options);
      const { chain, jobs } = chainOf(options.tasks);
      const queues = await QueueServer.start([...jobs.keys(), wakeOf(chain)]);
      const url = server.url(DATABASE, 'cuadre_jobs');
      const workers = new Workers(queues, jobs, url, options.workers);
      const planner = environmentOf(url);
      const world = { admin, options, workers, planner, chain, queues };
      try {
        const warm = await measure(world, Math.min(options.single, 10), 'one by one');
        const single = await measure(world, options.single, 'one by one');
        const many = await measure(world, options.runs, 'at once');
        for (const line of report(options, bare, single, many, warm)) console.log(line);
      } finally {
        await workers.stop();
        await closeEnvironment(planner);
        await queues.stop();
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

async function measureBare(server: Server, { workers, seconds }: Options): Promise<Bare> {
  const url = server.url(DATABASE, 'cuadre_jobs');
  return { one: await bareRate(url, 1, seconds), all: await bareRate(url, workers, seconds) };
}

interface World {
  readonly admin: Database;
  readonly options: Options;
  readonly workers: Workers;
  readonly planner: ReturnType<typeof environmentOf>;
  readonly chain: ReturnType<typeof chainOf>['chain'];
  readonly queues: QueueServer;
}

interface Measured {
  readonly tasks: number;
  readonly milliseconds: number;
  readonly dispatch: Dispatch;
  /** Milliseconds of processor per task: PostgreSQL, this process, the queues' process. */
  readonly cpu: { readonly database: number; readonly workers: number; readonly queues: number };
}

/** @throws when a task was tried twice: then it is not the undisturbed path that was measured */
async function measure(world: World, runs: number, how: 'one by one' | 'at once'): Promise<Measured> {
  const { admin, options, workers, planner, chain } = world;
  const dates = Array.from({ length: runs }, () => takeDate());
  const tasks = runs * options.tasks;
  const before = await processorTimes(world);
  const begun = performance.now();
  if (how === 'one by one') {
    for (const asOf of dates) {
      await planRun(chain, asOf, planner, workers.queues);
      await workers.worked(options.tasks);
    }
  } else {
    for (const asOf of dates) await planRun(chain, asOf, planner, workers.queues);
    await workers.worked(tasks);
  }
  const milliseconds = performance.now() - begun;
  const after = await processorTimes(world);
  const dispatch = await dispatchOf(admin, dates);
  if (dispatch.tasks !== tasks || dispatch.attempts !== tasks) {
    throw new Error(`of ${tasks} tasks ${dispatch.tasks} succeeded, in ${dispatch.attempts} attempts`);
  }
  const each = (of: keyof Measured['cpu']) => (after[of] - before[of]) / tasks;
  return {
    tasks,
    milliseconds,
    dispatch,
    cpu: { database: each('database'), workers: each('workers'), queues: each('queues') },
  };
}

const dates = new Dates();
const takeDate = () => dates.take();

async function processorTimes({ admin, queues }: World): Promise<Measured['cpu']> {
  const postmaster = await postmasterOf(admin);
  const { user, system } = process.cpuUsage();
  return {
    database: postmaster === undefined ? Number.NaN : await clusterCpu(postmaster),
    workers: (user + system) / 1000,
    queues: await processCpu(queues.pid),
  };
}

function report(options: Options, bare: Bare, single: Measured, many: Measured, warm: Measured): string[] {
  const rate = ({ tasks, milliseconds }: Measured) => (tasks / milliseconds) * 1000;
  const perTask = (of: Measured) => of.milliseconds / of.tasks;
  return [
    '',
    `bare: begin, insert, update, commit  ${whole(bare.one)}/s on one connection, ${whole(bare.all)}/s on ${options.workers}`,
    '',
    `one run after the other: ${single.dispatch.tasks} tasks, ${options.tasks} in a chain`,
    `  per task           ${perTask(single).toFixed(2)} ms (the first ${warm.tasks}: ${perTask(warm).toFixed(2)} ms)`,
    ...lines(single),
    '',
    `${options.runs} runs at once, ${options.workers} workers: ${whole(many.tasks)} tasks`,
    `  completions        ${whole(rate(many))}/s, ${(rate(many) / bare.all).toFixed(2)} of the bare rate on as many connections`,
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
