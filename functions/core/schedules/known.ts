import * as z from 'zod';
import { parse } from '../input.ts';

/**
 * A schedule as the functions that look after schedules are told of it: which it is, and what its pipeline's declaration
 * says. They import no pipeline.
 */
const knownSchedule = z.strictObject({
  /** Physical name, e.g. `cuadre-cabinet-daily`. */
  name: z.string().min(1),
  arn: z.string().regex(/^arn:/, 'must be the ARN of a schedule'),
  pipeline: z.string().min(1),
  expression: z.string().min(1),
  timeZone: z.string().min(1),
  missed: z.union([z.enum(['none', 'last']), z.strictObject({ allUpTo: z.int().min(1) })]).default('none'),
  /** The group of the schedules that fire once in its stead. */
  group: z.string().min(1),
});

export type KnownSchedule = z.infer<typeof knownSchedule>;

const variable = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.array(knownSchedule))
  .default([]);

/** SCHEDULES, a JSON list. Not with the rest of the environment: only few functions have it, and each pays for the schema. */
export function schedulesOf(environment: NodeJS.ProcessEnv): KnownSchedule[] {
  return parse(z.object({ SCHEDULES: variable }), environment, 'environment').SCHEDULES;
}
