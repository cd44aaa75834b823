/** What is said between the one who compares and the two who play. */
import * as z from 'zod';

export const role = z.strictObject({
  /** Of the database, as the superuser. */
  url: z.url(),
  seed: z.int(),
  disorder: z.number(),
  firstDay: z.int(),
  careless: z.string().optional(),
});

export const cue = z.strictObject({ day: z.int(), whole: z.boolean() });

export const told = z.strictObject({
  day: z.int(),
  runs: z.array(z.strictObject({ run_id: z.uuid(), status: z.string() })),
  /** Relation -> rows and digest. */
  left: z.record(z.string(), z.string()),
  counts: z.strictObject({
    runs: z.int(),
    uploads: z.int(),
    attempts: z.int(),
    jobRuns: z.int(),
    stops: z.int(),
    duplicates: z.int(),
    late: z.int(),
    deliveries: z.int(),
    sweeps: z.int(),
    buried: z.int(),
    claims: z.int(),
    told: z.int(),
  }),
});
export type Told = z.output<typeof told>;
