import { randomUUID } from 'node:crypto';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { execute } from '../../functions/core/execute.ts';
import type { Job } from '../../functions/core/job.ts';
import { type JobRunResult, readJobRun } from '../../functions/core/ledger.ts';
import { startJob } from '../../functions/core/start.ts';
import { type Decision, readDecisions } from '../../infra/local/cli/decisions.ts';
import type { TestDatabase } from './database.ts';
import { services, trigger } from './toy.ts';

export interface Ran extends JobRunResult {
  readonly decisions: readonly Decision[];
}

/** Runs one job as the jobs' role, as the CLI does; for real unless the request says otherwise. */
export async function runJob(
  database: TestDatabase,
  job: Job,
  request: Record<string, unknown> = {},
): Promise<Ran> {
  const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
  try {
    const run = await startJob(to.control.sql, cabinetDaily, job, job.request(request), trigger(), {
      inline: true,
      codeVersion: 'test',
      dryRunByDefault: false,
    });
    await execute(to, job, {
      jobRunId: run.jobRunId,
      version: 1,
      caller: 'inline',
      requestId: randomUUID(),
      lastAttempt: 1,
      remaining: () => 600_000,
    });
    return {
      ...(await readJobRun(to.control, run.jobRunId)),
      decisions: await readDecisions(to.control, run.jobRunId),
    };
  } finally {
    await Promise.all([to.work.close(), to.control.close()]);
  }
}
