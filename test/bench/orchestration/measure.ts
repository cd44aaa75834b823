import type { Database } from '../../../functions/core/database.ts';
import { clusterCpu, postmasterOf, processCpu } from '../cluster-cpu.ts';
import { type Dispatch, dispatchOf } from './dispatch.ts';
import type { AwsPart } from './services.ts';

export interface Path {
  readonly admin: Database;
  readonly aws: AwsPart;
  /** Of a run. */
  readonly tasks: number;
  /** As-of dates that no two runs share: one run of a pipeline and date is active at a time. */
  readonly date: () => string;
}

export interface Measured {
  readonly tasks: number;
  readonly milliseconds: number;
  readonly dispatch: Dispatch;
  /** Milliseconds of processor per task: PostgreSQL, the workers, the queues and mappings. */
  readonly cpu: { readonly database: number; readonly workers: number; readonly queues: number };
}

/** @throws when a task was tried twice: then it is not the undisturbed path that was measured */
export async function measure(path: Path, runs: number, how: 'one by one' | 'at once'): Promise<Measured> {
  const { admin, aws } = path;
  const dates = Array.from({ length: runs }, () => path.date());
  const tasks = runs * path.tasks;
  const before = await processorTimes(path);
  const begun = performance.now();
  if (how === 'one by one') {
    for (const asOf of dates) await Promise.all([aws.worked(path.tasks), aws.plan(asOf)]);
  } else {
    const all = aws.worked(tasks);
    for (const asOf of dates) await aws.plan(asOf);
    await all;
  }
  const milliseconds = performance.now() - begun;
  const after = await processorTimes(path);
  const dispatch = await dispatchOf(admin, dates);
  if (dispatch.tasks !== tasks || dispatch.attempts !== tasks) {
    throw new Error(`of ${tasks} tasks ${dispatch.tasks} succeeded, in ${dispatch.attempts} attempts`);
  }
  const each = (of: keyof Measured['cpu']) => (after[of] - before[of]) / tasks;
  const cpu = { database: each('database'), workers: each('workers'), queues: each('queues') };
  return { tasks, milliseconds, dispatch, cpu };
}

async function processorTimes({ admin, aws }: Path): Promise<Measured['cpu']> {
  const postmaster = await postmasterOf(admin);
  const { user, system } = process.cpuUsage();
  const workers = await Promise.all(aws.pids.map(processCpu));
  return {
    database: postmaster === undefined ? Number.NaN : await clusterCpu(postmaster),
    workers: workers.reduce((sum, each) => sum + each, 0),
    queues: (user + system) / 1000,
  };
}
