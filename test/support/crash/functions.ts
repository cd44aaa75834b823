import { bury } from '../../../functions/core/dead-letters.ts';
import type { QueueRecord, ScheduleEvent } from '../../../functions/core/events.ts';
import type { Job } from '../../../functions/core/job.ts';
import type { Pipeline } from '../../../functions/core/pipeline.ts';
import { plan } from '../../../functions/core/planner.ts';
import { planScheduled } from '../../../functions/core/planner-handler.ts';
import { workRecords } from '../../../functions/core/queue-worker.ts';
import type { Queues } from '../../../functions/core/queues.ts';
import type { KnownSchedule } from '../../../functions/core/schedules/known.ts';
import type { Scheduler } from '../../../functions/core/schedules/scheduler.ts';
import type { Trigger } from '../../../functions/core/start.ts';
import { sweepAndLook } from '../../../functions/core/sweep-and-look.ts';
import { silent, type Work } from './invoked.ts';
import type { Process } from './points.ts';

/** What the functions of a pipeline have around them. */
export interface Surroundings {
  readonly pipeline: Pipeline;
  /** Those that speak to a service are made anew in each process, which stands between them and it. */
  readonly jobs: (process: Process) => readonly Job[];
  readonly queues: Queues;
  /** Has a schedule of the name SWEEP. */
  readonly scheduler: Scheduler;
  /** What the sweeper looks after; nothing unless given. */
  readonly schedules?: readonly KnownSchedule[];
  /** The machine's time unless given. */
  readonly now?: () => Date;
}

type Acknowledge = () => Promise<unknown>;

/** The sweeper's schedule of every minute. */
export const SWEEP = 'sweep';

/** What each function of a pipeline does when AWS invokes it; a message is acknowledged as Lambda does it, at the end. */
export class Functions {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  planner(request: Parameters<typeof plan>[1], trigger: Trigger): Work {
    const { pipeline, queues } = this.#around;
    return async (process, invocation) => {
      await plan(pipeline, request, trigger, invocation, process.queues(queues));
    };
  }

  /** The planner as a schedule calls it, which asks first whether the time may begin its run. */
  scheduled(event: ScheduleEvent, group: string): Work {
    const { pipeline, queues, scheduler } = this.#around;
    return async (process, invocation) => {
      const parts = { scheduler: process.scheduler(scheduler), group, now: this.#now() };
      await planScheduled(pipeline, event, invocation, process.queues(queues), parts);
    };
  }

  worker(name: string, record: QueueRecord, acknowledge: Acknowledge): Work {
    const { jobs, queues } = this.#around;
    return async (process, invocation) => {
      const job = jobs(process).find((each) => each.name === name);
      if (job === undefined) throw new Error(`no body for ${name}`);
      const answer = await workRecords(job, [record], invocation, process.queues(queues));
      if (answer.batchItemFailures.length === 0) await process.step('acknowledge', acknowledge);
    };
  }

  deadLetters(record: QueueRecord, acknowledge: Acknowledge): Work {
    const { queues } = this.#around;
    return async (process, invocation) => {
      await bury(record, invocation, process.queues(queues));
      await process.step('acknowledge', acknowledge);
    };
  }

  /** @param acknowledge where a message woke it */
  sweeper(acknowledge?: Acknowledge): Work {
    const { queues, scheduler, schedules = [] } = this.#around;
    return async (process, { environment: { control } }) => {
      await sweepAndLook({
        control,
        queues: process.queues(queues),
        scheduler: process.scheduler(scheduler),
        sweepSchedule: SWEEP,
        schedules,
        log: silent,
        now: this.#now(),
      });
      if (acknowledge !== undefined) await process.step('acknowledge', acknowledge);
    };
  }

  #now(): Date {
    return this.#around.now?.() ?? new Date();
  }
}
