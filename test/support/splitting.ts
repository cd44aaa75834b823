import { beforeAll, beforeEach } from 'vitest';
import * as z from 'zod';
import { json } from '../../functions/core/database.ts';
import { PermanentError } from '../../functions/core/errors.ts';
import {
  type Job,
  type JobContext,
  type JsonObject,
  type Outcome,
  shardedJob,
} from '../../functions/core/job.ts';
import { pipeline } from '../../functions/core/pipeline.ts';
import type { TestDatabase } from './database.ts';
import { Drive } from './drive.ts';
import { createEffects, nextDate, toyJob } from './toy.ts';

const node = { description: 'A toy. Input: none.', timeoutSeconds: 10, memoryMb: 128 };
/** A job that splits itself, one after it, and one that always runs. */
export const daily = pipeline({
  name: 'toy-shards',
  domain: 'toy',
  timeZone: 'America/Lima',
  schedule: { expression: 'cron(0 2 * * ? *)', timeZone: 'America/Lima' },
  jobs: {
    'toy.split': { ...node, after: [] },
    'toy.after': { ...node, after: ['toy.split'] },
    'toy.alert': { ...node, after: ['toy.after'], always: true },
  },
});

export interface Behaviour {
  /** What the splitting step names. */
  keys: readonly string[];
  /** What a shard does beside its effect. */
  meanwhile: (
    key: string,
    context: Pick<JobContext<unknown>, 'dryRun' | 'checkpoint' | 'jobRunId'>,
  ) => Promise<Partial<Outcome> | undefined>;
  join: ((reports: readonly JsonObject[]) => Outcome) | undefined;
}

export interface Splitting {
  readonly behaviour: Behaviour;
  /** Of the test at hand; assign another for jobs with a join. */
  drive: Drive;
  jobs(joined?: boolean): Job[];
  /** Starts a run whose splitting step is done: its shards' messages are out. */
  split(options?: Parameters<Drive['start']>[1]): Promise<string>;
  /** These shards fail for good. */
  failing(...keys: string[]): void;
}

/** Call it where tests are described: each test begins with three shards that succeed. */
export function splitting(database: TestDatabase): Splitting {
  const behaviour: Behaviour = { keys: [], meanwhile: async () => undefined, join: undefined };
  const input = z.strictObject({ note: z.string().default('done') });
  const part = z.strictObject({ size: z.int().default(7) });
  type Leaving = Pick<JobContext<unknown>, 'sql' | 'jobRunId'>;
  const leave = async ({ sql, jobRunId }: Leaving, note: string, decision: string) => {
    await sql`insert into public.toy_effects (job, note) values ('toy.split', ${note})`;
    await sql`
      insert into ops.decisions (job_run_id, subject, decision, evidence)
      values (${jobRunId}::uuid, ${note}, ${decision}, ${json({})})`;
  };
  const namesThem = async (context: Leaving) => {
    await leave(context, 'split', 'SPLIT');
    return behaviour.keys.map((key) => ({ key, input: key === 'large' ? { size: 99 } : {} }));
  };
  const join = async (context: Leaving, shards: readonly { report: JsonObject }[]) => {
    await leave(context, 'joined', 'JOINED');
    return behaviour.join?.(shards.map(({ report }) => report)) ?? { report: { joined: shards.length } };
  };
  const sharding = (joined: boolean) =>
    shardedJob({
      name: 'toy.split',
      input,
      shards: joined ? { input: part, split: namesThem, join } : { input: part, split: namesThem },
      async run(context) {
        const { shard, input } = context;
        await leave(context, `${shard.key} ${input.note}`, 'WRITTEN');
        const more = await behaviour.meanwhile(shard.key, context);
        return { report: { written: 1, size: shard.input.size, key: shard.key }, findings: 2, ...more };
      },
    });
  const jobs = (joined = false) => [sharding(joined), toyJob('toy.after'), toyJob('toy.alert')];

  let drive: Drive | undefined;

  beforeAll(() => createEffects(database.admin));
  beforeEach(async () => {
    await database.admin.script('truncate public.toy_effects');
    Object.assign(behaviour, {
      keys: ['a', 'large', 'c'],
      meanwhile: async () => undefined,
      join: undefined,
    });
    drive = new Drive(database, daily, jobs());
  });

  return {
    behaviour,
    get drive() {
      if (drive === undefined) throw new Error('the drive exists from the first beforeEach on');
      return drive;
    },
    set drive(another) {
      drive = another;
    },
    jobs,
    async split(options = {}) {
      const runId = await this.drive.start(nextDate(), options);
      const [head] = this.drive.waiting;
      if (head === undefined) throw new Error('nothing was sent');
      await this.drive.receive(head);
      return runId;
    },
    failing(...keys) {
      behaviour.meanwhile = async (key) => {
        if (keys.includes(key)) throw new PermanentError(`no books for ${key}`, { code: 'NO_BOOKS' });
        return undefined;
      };
    },
  };
}
