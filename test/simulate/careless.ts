import { connect } from '../../functions/core/database.ts';
import type { Job } from '../../functions/core/job.ts';

/** The cabinet's jobs, each of which files a decision outside of its transaction: it stays when the rest is undone. */
export function bodies(jobs: readonly Job[], url: string): readonly Job[] {
  return jobs.map((job) => ({
    ...job,
    async run(context) {
      // Once a run of the job, as its author believes: the publication comes several times, by its own checkpoints.
      if (context.checkpoint === null) {
        const outside = connect({ url });
        try {
          await outside.sql`
            insert into ops.decisions (job_run_id, subject, decision) values (${context.jobRunId}::uuid, 'careless', 'MADE')`;
        } finally {
          await outside.close();
        }
      }
      return job.run(context);
    },
  }));
}
