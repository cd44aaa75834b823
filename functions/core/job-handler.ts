import { PermanentError, RetryableError } from './errors.ts';
import type { ScheduleEvent } from './events.ts';
import { execute } from './execute.ts';
import type { Job } from './job.ts';
import type { Request } from './job-input.ts';
import { type Invocation, type LambdaHandler, lambdaHandler } from './lambda.ts';
import { type JobRunResult, readJobRun } from './ledger.ts';
import type { Pipeline } from './pipeline.ts';
import { workRecords } from './queue-worker.ts';
import { sqsQueues } from './queues.ts';
import { startJob, type Trigger } from './start.ts';

/** It says whose handler it is: the CLI and the tests find a job's work by it. */
export type JobHandler = LambdaHandler & { readonly job: Job };

/**
 * Makes a job answer its four callers: a queue's batch, a schedule, a person in the console, and the run API
 * (which arrives through the queue). A direct call is a dry run unless it says `"dryRun": false`.
 * Jobs mark the call as pure: an API function takes what a job needs to be told from its file, and not the execution (14 KB).
 */
export function jobHandler(pipeline: Pipeline, job: Job): JobHandler {
  const handler = lambdaHandler(job.name, (event, invocation) => {
    switch (event.from) {
      case 'queue':
        return workRecords(job, event.records, invocation, sqsQueues(invocation.environment.config.QUEUES));
      case 'schedule': {
        const { input, dryRun } = event.schedule;
        return runInline(
          pipeline,
          job,
          job.request({ ...input, dryRun }),
          scheduleTrigger(event.schedule),
          invocation,
        );
      }
      case 'invoke':
        return runInline(pipeline, job, job.request(event.input), invokeTrigger(invocation), invocation);
    }
  });
  return Object.assign(handler, { job });
}

/** The schedule's own time, and never the moment of delivery, is the key: Scheduler may deliver twice. */
export function scheduleTrigger({ scheduleArn, scheduledTime }: ScheduleEvent): Trigger {
  return {
    kind: 'schedule',
    key: `${scheduleArn} ${scheduledTime}`,
    detail: { scheduleArn, scheduledTime },
    due: new Date(scheduledTime),
    now: new Date(),
  };
}

/** Lambda retries an asynchronous invocation with the same request id, so the retry finds the first one's run. */
export function invokeTrigger({ requestId, functionArn }: Invocation): Trigger {
  const now = new Date();
  return { kind: 'invoke', key: requestId, detail: { requestId, functionArn }, due: now, now };
}

/**
 * Works a run of one job to its end, here and now. The same trigger again goes on with what the first left behind.
 * @throws when it has not succeeded, so that Lambda does not take what is unfinished for done
 */
export async function runInline(
  pipeline: Pipeline,
  job: Job,
  request: Request,
  trigger: Trigger,
  {
    environment,
    log,
    requestId,
    remaining,
  }: Pick<Invocation, 'environment' | 'log' | 'requestId' | 'remaining'>,
): Promise<JobRunResult> {
  const run = await startJob(environment.control.sql, pipeline, job, request, trigger, {
    inline: true,
    codeVersion: environment.codeVersion,
    dryRunByDefault: true,
  });
  await execute({ ...environment, log }, job, {
    jobRunId: run.jobRunId,
    version: 1,
    caller: 'inline',
    requestId,
    lastAttempt: 1,
    remaining,
  });
  const result = await readJobRun(environment.control, run.jobRunId);
  if (result.status === 'failed') {
    throw new PermanentError(`${job.name} failed in run ${run.runId}: ${JSON.stringify(result.error)}`, {
      code: 'JOB_FAILED',
    });
  }
  if (result.status !== 'succeeded') {
    // Somebody else is at it, a second delivery say, and may die yet: Lambda's retry looks again, and takes over what is dead.
    throw new RetryableError(
      `${job.name} is still ${result.status} in run ${run.runId}: look again in a minute`,
      {
        code: 'JOB_NOT_DONE',
      },
    );
  }
  return result;
}
