import * as z from 'zod';

/** The newest envelope this code understands; a newer one waits for newer code. */
export const MESSAGE_SCHEMA = 1;

/**
 * What travels through SQS: ids and a version, never rows. It may arrive twice, late or out of order:
 * `version` is the job run's, so a message from before a requeue is recognised as stale and does nothing.
 */
export const jobMessage = z.strictObject({
  schema: z.literal(MESSAGE_SCHEMA),
  runId: z.guid(),
  jobRunId: z.guid(),
  job: z.string().min(1),
  version: z.int().min(1),
});

export type JobMessage = z.infer<typeof jobMessage>;
