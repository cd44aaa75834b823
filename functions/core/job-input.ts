import * as z from 'zod';
import { calendarDate } from './dates.ts';
import { parse } from './input.ts';
import type { JsonObject } from './job.ts';

/** A job's own keys with their defaults; `dryRun` and `asOf` are every job's. */
export type JobInput<Shape extends z.ZodRawShape = z.ZodRawShape> = z.ZodObject<Shape, z.core.$strict>;

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

/** A job as those see it who start it: what it is called and what it takes, without what it does. */
export interface StartableJob {
  readonly name: string;
  /** The keys that a caller may give; the CLI makes a flag of each. */
  readonly keys: readonly JobKey[];
  /** Checks a whole request: the job's keys, `dryRun` and `asOf`. Throws InputError with every problem. */
  request(value: unknown): Request;
}

const common = { asOf: calendarDate.optional(), dryRun: z.boolean().optional() };
const given = z.looseObject(common).and(z.record(z.string(), z.json()));

export function startableJob(name: string, input: JobInput): StartableJob {
  const whole = z.strictObject({ ...input.shape, ...common });
  return {
    name,
    keys: Object.entries(whole.shape).map(([key, type]) => ({
      name: key,
      kind: isBoolean(type) ? 'switch' : 'value',
    })),
    request(value) {
      parse(whole, value);
      const { asOf, dryRun, ...own } = parse(given, value);
      return { asOf, dryRun, input: own };
    },
  };
}

function isBoolean(type: unknown): boolean {
  if (type instanceof z.ZodDefault || type instanceof z.ZodOptional) return isBoolean(type.unwrap());
  return type instanceof z.ZodBoolean;
}
