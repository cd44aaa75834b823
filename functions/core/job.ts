import * as z from 'zod';
import type { Sql } from './database.ts';
import { calendarDate } from './dates.ts';
import { parse } from './input.ts';
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
  readonly log: Log;
  /** Readable while the work is under way. Monotonic. */
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

export interface JobDefinition<Shape extends z.ZodRawShape> {
  /** `<domain>.<file>`. */
  readonly name: string;
  /** The job's own keys with their defaults; `dryRun` and `asOf` are every job's. */
  readonly input: z.ZodObject<Shape, z.core.$strict>;
  readonly run: (context: JobContext<z.output<z.ZodObject<Shape, z.core.$strict>>>) => Promise<Outcome>;
}

export interface Request {
  readonly asOf: string | undefined;
  readonly dryRun: boolean | undefined;
  /** The job's own keys, as given: defaults are applied when the job runs, by the code that runs it. */
  readonly input: JsonObject;
}

export interface JobKey {
  readonly name: string;
  /** A switch is true when it is named and false with `no-` before it; a value needs one. */
  readonly kind: 'switch' | 'value';
}

export interface Job {
  readonly name: string;
  /** The keys that a caller may give; the CLI makes a flag of each. */
  readonly keys: readonly JobKey[];
  /** Checks a whole request: the job's keys, `dryRun` and `asOf`. Throws InputError with every problem. */
  request(value: unknown): Request;
  run(context: JobContext<JsonObject>): Promise<Outcome>;
}

const common = { asOf: calendarDate.optional(), dryRun: z.boolean().optional() };

/** Declares a job. It knows nothing of queues, schedules or HTTP: `handler()` in lambda.ts answers those. */
export function job<Shape extends z.ZodRawShape>(definition: JobDefinition<Shape>): Job {
  const whole = z.strictObject({ ...definition.input.shape, ...common });
  return {
    name: definition.name,
    keys: Object.entries(whole.shape).map(([name, type]) => ({
      name,
      kind: isBoolean(type) ? 'switch' : 'value',
    })),
    request(value) {
      parse(whole, value);
      const { asOf, dryRun, ...input } = parse(given, value);
      return { asOf, dryRun, input };
    },
    run: (context) => definition.run({ ...context, input: parse(definition.input, context.input) }),
  };
}

const given = z.looseObject(common).and(z.record(z.string(), z.json()));

function isBoolean(type: unknown): boolean {
  if (type instanceof z.ZodDefault || type instanceof z.ZodOptional) return isBoolean(type.unwrap());
  return type instanceof z.ZodBoolean;
}
