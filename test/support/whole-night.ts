import { randomUUID } from 'node:crypto';
import { alertPublicationJob } from '../../functions/cabinet/alert-publication.ts';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { execute } from '../../functions/core/execute.ts';
import type { JsonObject } from '../../functions/core/job.ts';
import { readJobRun } from '../../functions/core/ledger.ts';
import { graphOf } from '../../functions/core/pipeline.ts';
import { startPipeline } from '../../functions/core/start.ts';
import { readDecisions } from '../../infra/local/cli/decisions.ts';
import { cabinetJobs } from './cabinet-jobs.ts';
import type { TestDatabase } from './database.ts';
import { FakeNotifier } from './notifier.ts';
import type { Ran } from './run-job.ts';
import { jobRunOf, services, trigger } from './toy.ts';

/**
 * The daily pipeline as one run, each of its jobs taken up when those before it are done, as the queues' workers do it
 * and without the queues. By job name, in the order in which they ran.
 */
export async function runWholeNight(
  database: TestDatabase,
  asOf: string,
  { input = {}, dryRun = false }: { input?: Readonly<Record<string, JsonObject>>; dryRun?: boolean } = {},
): Promise<ReadonlyMap<string, Ran>> {
  const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
  try {
    const run = await startPipeline(to.control.sql, cabinetDaily, { asOf, dryRun, input }, trigger(), {
      inline: false,
      codeVersion: 'test',
    });
    const ran = new Map<string, Ran>();
    const graph = graphOf(cabinetDaily);
    const publication = alertPublicationJob(() => new FakeNotifier());
    const jobs = cabinetJobs.map((job) => (job.name === publication.name ? publication : job));
    for (const job of jobs.filter(({ name }) => graph[name] !== undefined)) {
      const jobRunId = await jobRunOf(database.admin, run.runId, job.name);
      await execute(to, job, {
        jobRunId,
        version: 1,
        caller: 'sqs',
        requestId: randomUUID(),
        lastAttempt: 1,
        remaining: () => 600_000,
      });
      const result = await readJobRun(to.control, jobRunId);
      if (result.status !== 'succeeded') throw new Error(`${job.name}: ${JSON.stringify(result.error)}`);
      ran.set(job.name, { ...result, decisions: await readDecisions(to.control, jobRunId) });
    }
    return ran;
  } finally {
    await Promise.all([to.work.close(), to.control.close()]);
  }
}
