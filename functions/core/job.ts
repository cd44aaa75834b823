import * as z from 'zod';
import type { Sql } from './database.ts';
import { parse } from './input.ts';
import { type JobInput, type StartableJob, startableJob } from './job-input.ts';
import type { Log } from './log.ts';

/** Plain JSON, as reports and checkpoints are stored. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** What a job is given. Everything it does through `sql` commits together with its ledger entry, or not at all. */
export interface JobContext<Input> {
  readonly input: Input;
  /** The business date, `YYYY-MM-DD`; `ops.as_of()` says the same to the views. Never "now". */
  readonly asOf: string;
  /** Say exactly what would be done; change nothing but decisions. */
  readonly dryRun: boolean;
  readonly sql: Sql;
  /** The run that this job run belongs to, and the id under which decisions are filed. */
  readonly runId: string;
  readonly jobRunId: string;
  /** What the chunk before handed on; null in the first. */
  readonly checkpoint: Json;
  /** The part of the job that this is; undefined in a job that has none, and when it splits or joins. */
  readonly shard?: Shard;
  /** Soft dependencies that did not succeed in this run: what the job reads of them is as old as it says here. */
  readonly staleInputs: readonly StaleInput[];
  readonly log: Log;
  /** Readable while the work is under way. Monotonic: of one unit, fewer done than before is not taken. */
  progress(done: number, total: number, unit: string): void;
  /** Milliseconds that are left. */
  remaining(): number;
}

export interface Outcome {
  /** What people read: counts and amounts; amounts are decimal strings. */
  readonly report: JsonObject;
  /** Failed checks and row errors: results, not failures. */
  readonly findings?: number;
  /** More to do: this chunk is committed, and the next begins here. */
  readonly next?: Json;
}

export interface Shard<Input = JsonObject> {
  /** From 1, in the order in which the job named its shards. */
  readonly number: number;
  readonly key: string;
  readonly input: Input;
}

export interface StaleInput {
  readonly job: string;
  readonly maxAgeDays: number;
  /** The run and as-of date of its last success; null when it never succeeded, which only a job that always runs meets. */
  readonly runId: string | null;
  readonly asOf: string | null;
  readonly ageDays: number | null;
}

/** A shard as a job names it. */
export interface ShardPlan<Input = JsonObject> {
  /** What it is about, for people: `A-F`, a date, a group. 1 to 200 characters, its own within the job. */
  readonly key: string;
  readonly input?: Input;
}

type Shards<Shape extends z.ZodRawShape, Part extends z.ZodRawShape> = {
  /** What a shard is given beside the job's input. */
  readonly input: z.ZodObject<Part, z.core.$strict>;
  /** The splitting step, a piece of work of its own: its effects and the shards, at most 1000, commit together. */
  readonly split: (
    context: JobContext<Output<Shape>>,
  ) => Promise<readonly ShardPlan<z.input<z.ZodObject<Part, z.core.$strict>>>[]>;
  /**
   * What the job makes of its shards once all have succeeded, in the last one's transaction: one statement, since other
   * finishers wait for it. Without it the shards' figures are added up.
   */
  readonly join?: (
    context: JobContext<Output<Shape>>,
    shards: readonly ShardReport<Output<Part>>[],
  ) => Promise<Outcome>;
};

export interface ShardReport<Input = JsonObject> {
  readonly key: string;
  readonly input: Input;
  readonly report: JsonObject;
}

type Output<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape, z.core.$strict>>;

interface Named<Shape extends z.ZodRawShape> {
  /** `<domain>.<file>`. */
  readonly name: string;
  readonly input: JobInput<Shape>;
}

export interface JobDefinition<Shape extends z.ZodRawShape> extends Named<Shape> {
  readonly run: (context: JobContext<Output<Shape>>) => Promise<Outcome>;
}

/** A job that splits itself: `run` works one shard, many at a time through the job's own queue. */
export interface ShardedJobDefinition<Shape extends z.ZodRawShape, Part extends z.ZodRawShape>
  extends Named<Shape> {
  readonly shards: Shards<Shape, Part>;
  readonly run: (context: ShardContext<Output<Shape>, Output<Part>>) => Promise<Outcome>;
}

/** What the work on one shard is given. */
export type ShardContext<Input, Part> = Omit<JobContext<Input>, 'shard'> & { readonly shard: Shard<Part> };

export interface Job extends StartableJob {
  run(context: JobContext<JsonObject>): Promise<Outcome>;
  /** Of a job that splits itself. */
  readonly sharding?: Sharding;
}

export interface Sharding {
  split(context: JobContext<JsonObject>): Promise<readonly ShardPlan[]>;
  join?(context: JobContext<JsonObject>, shards: readonly ShardReport[]): Promise<Outcome>;
}

/**
 * Declares a job. It knows nothing of queues, schedules or HTTP: jobHandler() answers those.
 * Jobs mark the call as pure: who imports only a job's input carries none of its work.
 */
export function job<Shape extends z.ZodRawShape>(definition: JobDefinition<Shape>): Job {
  return {
    ...startableJob(definition.name, definition.input),
    run: (context) => definition.run({ ...context, input: parse(definition.input, context.input) }),
  };
}

/** Declares a job that splits itself into shards. */
export function shardedJob<Shape extends z.ZodRawShape, Part extends z.ZodRawShape>(
  definition: ShardedJobDefinition<Shape, Part>,
): Job {
  const { input, shards, run } = definition;
  const { split, join } = shards;
  const own = (context: JobContext<JsonObject>) => ({ ...context, input: parse(input, context.input) });
  const part = (value: JsonObject) => parse(shards.input, value, 'shard');
  return {
    ...startableJob(definition.name, definition.input),
    run({ shard, ...context }) {
      if (shard === undefined) throw new Error(`${definition.name} works in shards, and was given none`);
      return run({ ...own(context), shard: { ...shard, input: part(shard.input) } });
    },
    sharding: {
      // As given: a default of the shard's input is the business of the code that runs it.
      split: async (context) =>
        (await split(own(context))).map((plan) => ({
          key: plan.key,
          input: plainJson.parse(plan.input ?? {}),
        })),
      ...(join === undefined
        ? {}
        : {
            join: (context, all) =>
              join(
                own(context),
                all.map((each) => ({ ...each, input: part(each.input) })),
              ),
          }),
    },
  };
}

const plainJson = z.record(z.string(), z.json());
