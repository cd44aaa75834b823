import { randomUUID } from 'node:crypto';
import { findJob } from '../../../functions/api/catalog.ts';
import { connect, type Database } from '../../../functions/core/database.ts';
import { execute } from '../../../functions/core/execute.ts';
import type { JsonObject } from '../../../functions/core/job.ts';
import { readJobRun } from '../../../functions/core/ledger.ts';
import { createLog } from '../../../functions/core/log.ts';
import { startJob } from '../../../functions/core/start.ts';
import { loadJob } from '../../../functions/load-job.ts';
import { type Measured, measured } from './measured.ts';

/** A run in the ledger with its one job run, queued. */
export function start(control: Database, name: string, request: JsonObject) {
  const { job, pipeline } = findJob(name);
  const now = new Date();
  const trigger = { kind: 'cli', key: randomUUID(), detail: { user: 'bench' }, due: now, now } as const;
  const options = { inline: true, codeVersion: 'bench', dryRunByDefault: false };
  return startJob(control.sql, pipeline, job, job.request(request), trigger, options);
}

export interface JobOrder {
  readonly url: string;
  readonly job: string;
  readonly request: JsonObject;
}

/** What the CLI does with a job, from the start of the run in the ledger to reading its result there. */
export async function runJob({ url, job, request }: JobOrder): Promise<Measured> {
  const work = connect({ url, applicationName: 'bench work' });
  const control = connect({ url, applicationName: 'bench control' });
  try {
    return await measured([work, control], async () => {
      const { jobRunId } = await start(control, job, request);
      const services = {
        work,
        control,
        log: createLog({ level: 'error', write: (line) => process.stderr.write(`${line}\n`) }),
        codeVersion: 'bench',
      };
      await execute(services, await loadJob(job), {
        jobRunId,
        version: 1,
        caller: 'inline',
        requestId: randomUUID(),
        lastAttempt: 1,
        remaining: () => Number.POSITIVE_INFINITY,
      });
      const { status, error, counters, report } = await readJobRun(control, jobRunId);
      if (status !== 'succeeded') throw new Error(`${job} ended as ${status}: ${JSON.stringify(error)}`);
      return { jobRunId, counters, report: report ?? {} };
    });
  } finally {
    await Promise.all([work.close(), control.close()]);
  }
}
