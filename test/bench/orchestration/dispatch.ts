import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';

const numbers = z.strictObject({
  tasks: z.int(),
  attempts: z.int(),
  p50: z.number(),
  p99: z.number(),
  most: z.number(),
});

export type Dispatch = z.output<typeof numbers>;

/**
 * From a task being due (its row is queued, in the transaction that settles the one before it) to its attempt being at
 * work, in milliseconds of the database's own clock, over the runs as of these dates.
 */
export async function dispatchOf(admin: Database, dates: readonly string[]): Promise<Dispatch> {
  const [row] = await admin.sql(numbers)`
    with task as (
      select j.attempts, extract(epoch from a.started_at - j.queued_at)::float8 * 1000 as waited
      from ops.runs r
      join ops.job_runs j using (run_id)
      join ops.attempts a on a.job_run_id = j.job_run_id and a.attempt = 1
      where r.as_of = any(${[...dates]}::date[]) and r.status = 'succeeded'
    )
    select count(*)::integer as tasks, sum(attempts)::integer as attempts,
           percentile_cont(0.5) within group (order by waited) as p50,
           percentile_cont(0.99) within group (order by waited) as p99, max(waited) as most
    from task`;
  if (row === undefined) throw new Error('an aggregate without groups returned no row');
  return row;
}
