import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';

const decision = z.strictObject({
  subject: z.string(),
  decision: z.string(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  evidence: z.json(),
});

export type Decision = z.infer<typeof decision>;

/** Every decision of one job run, in the order in which it was made. */
export function readDecisions(database: Database, jobRunId: string): Promise<Decision[]> {
  return database.sql(decision)`
    select subject, decision, reason, detail, evidence from ops.decisions
    where job_run_id = ${jobRunId}::uuid order by decision_id`;
}
