import { randomUUID } from 'node:crypto';
import { cabinetJobs } from '../../functions/cabinet/jobs.ts';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { execute } from '../../functions/core/execute.ts';
import { jobMessage } from '../../functions/core/message.ts';
import { sendOutbox } from '../../functions/core/outbox.ts';
import { wakeOf } from '../../functions/core/pipeline.ts';
import type { Queues } from '../../functions/core/queues.ts';
import { startPipeline } from '../../functions/core/start.ts';
import type { TestDatabase } from './database.ts';
import { services, trigger } from './toy.ts';

/**
 * Runs the whole daily pipeline through the ledger and its outbox, without a queue between: each message is
 * delivered as it is sent, one after the other.
 * @returns the run's id
 */
export async function runPipeline(
  database: TestDatabase,
  asOf: string,
  input: Readonly<Record<string, Record<string, string | number | boolean>>> = {},
): Promise<string> {
  const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
  const due: string[] = [];
  const queues: Queues = {
    send: async (messages) => {
      due.push(...messages.filter(({ job }) => job !== wakeOf(cabinetDaily)).map(({ body }) => body));
      return new Map(messages.map(({ id }) => [id, randomUUID()]));
    },
    urlOf: (arn) => arn,
    postpone: async () => {},
  };
  try {
    const { runId } = await startPipeline(
      to.control.sql,
      cabinetDaily,
      { asOf, dryRun: false, input },
      trigger(),
      { inline: false, codeVersion: 'test' },
    );
    await sendOutbox(to.control, queues, runId);
    for (let body = due.shift(); body !== undefined; body = due.shift()) {
      const message = jobMessage.parse(JSON.parse(body));
      const job = cabinetJobs.find(({ name }) => name === message.job);
      if (job === undefined) throw new Error(`no body for ${message.job}`);
      await execute(to, job, {
        jobRunId: message.jobRunId,
        version: message.version,
        caller: 'sqs',
        requestId: randomUUID(),
        lastAttempt: 1,
        remaining: () => 600_000,
      });
      await sendOutbox(to.control, queues, runId);
    }
    return runId;
  } finally {
    await Promise.all([to.work.close(), to.control.close()]);
  }
}
