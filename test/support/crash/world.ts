import { randomUUID } from 'node:crypto';
import { bury } from '../../../functions/core/dead-letters.ts';
import type { QueueRecord } from '../../../functions/core/events.ts';
import { wakeOf } from '../../../functions/core/pipeline.ts';
import { plan } from '../../../functions/core/planner.ts';
import { workRecords } from '../../../functions/core/queue-worker.ts';
import type { Queues } from '../../../functions/core/queues.ts';
import { MAX_TRIES } from '../../../functions/core/retry.ts';
import type { Trigger } from '../../../functions/core/start.ts';
import { sweep } from '../../../functions/core/sweep.ts';
import type { SweepSchedule } from '../../../functions/core/sweep-schedule.ts';
import { Processes } from './processes.ts';
import type { WorldOptions } from './world-options.ts';

export type { Rescue, Twice, WorldOptions } from './world-options.ts';

interface Message {
  readonly id: string;
  readonly job: string;
  readonly body: string;
  /** The first round in which it may be delivered. */
  readonly from: number;
  receives: number;
}

/** Enough to fail every try of every job and still come to an end. */
const MOST_ROUNDS = 60;

/** A copy is late by up to so many rounds: more than a night takes. */
const LATEST = 15;

/**
 * A night on AWS's rules, without AWS: Scheduler retries the planner, the queue gives a message that nobody
 * acknowledged again and at last gives it up, the sweeper comes by when its schedule is on, and once at the end of the day.
 */
export class World {
  readonly #options: WorldOptions;
  readonly #processes: Processes;
  readonly #waiting: Message[] = [];
  readonly #trigger: Trigger;
  #minute = false;
  #round = 0;
  /** Messages sent, and deliveries, of copies too. */
  sent = 0;
  delivered = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#processes = new Processes(options);
    const now = new Date();
    this.#trigger = { kind: 'schedule', key: `schedule ${randomUUID()}`, detail: {}, due: now, now };
  }

  /** @throws when the night does not come to rest */
  async night(): Promise<void> {
    let planned = false;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      this.#round = round;
      planned ||= await this.#plan();
      const first = round > 0 && this.#options.rescue === 'the sweeper';
      if (first) await this.#minutePasses();
      await this.#deliverAll();
      const over = planned && !(await this.#underWay()) && this.#waiting.length === 0;
      // The sweeper goes to rest as well.
      if (over && !this.#minute) return;
      await this.#minutePasses();
    }
    throw new Error(`the night has not come to rest after ${MOST_ROUNDS} rounds`);
  }

  #plan(): Promise<boolean> {
    const { pipeline, asOf, input = {}, begin } = this.#options;
    if (begin !== undefined) {
      return this.#processes.alive(begin.name, async (process, invocation) => {
        await begin.run(invocation, process.queues(this.#queues), process);
      });
    }
    return this.#processes.alive('planner', async (process, invocation) => {
      await plan(
        pipeline,
        { asOf, dryRun: false, input },
        this.#trigger,
        invocation,
        process.queues(this.#queues),
      );
    });
  }

  async #deliverAll(): Promise<void> {
    const due = this.#waiting.filter(({ from }) => from <= this.#round);
    for (const message of this.#options.disorder?.shuffled(due) ?? due) await this.#deliver(message);
  }

  async #deliver(message: Message): Promise<void> {
    const { pipeline, jobs } = this.#options;
    message.receives += 1;
    this.delivered += 1;
    if (message.receives > MAX_TRIES) return this.#bury(message);
    if (message.job === wakeOf(pipeline)) {
      if (await this.#sweep()) this.#forget(message);
      return;
    }
    if (message.job === this.#options.outOfOrder) return;
    await this.#processes.alive(message.job, async (process, invocation) => {
      const job = (typeof jobs === 'function' ? jobs(process) : jobs).find(
        ({ name }) => name === message.job,
      );
      if (job === undefined) throw new Error(`no body for ${message.job}`);
      const record = recordOf(message, `arn:aws:sqs:::${message.job}`);
      const { batchItemFailures } = await workRecords(
        job,
        [record],
        invocation,
        process.queues(this.#queues),
      );
      if (batchItemFailures.length > 0) return;
      await process.step('acknowledge', async () => this.#forget(message));
    });
  }

  async #bury(message: Message): Promise<void> {
    const buried = await this.#processes.alive('dead letters', (process, invocation) =>
      bury(
        recordOf(message, `arn:aws:sqs:::${message.job.replace('.', '-')}-dlq`),
        invocation,
        process.queues(this.#queues),
      ),
    );
    if (buried) this.#forget(message);
  }

  /** Long enough for a lease to end, and for the sweeper to come by: on its schedule or, at the latest, its daily one. */
  async #minutePasses(): Promise<void> {
    await this.#processes.heartbeatsAge();
    if (this.#minute || this.#waiting.length === 0) await this.#sweep();
  }

  /** Whether it had to be switched. */
  #switch(to: boolean): boolean {
    const was = this.#minute;
    this.#minute = to;
    return was !== to;
  }

  #sweep(): Promise<boolean> {
    const schedule: SweepSchedule = {
      enable: async () => this.#switch(true),
      disable: async () => this.#switch(false),
    };
    return this.#processes.alive('sweeper', async (process, { environment }) => {
      await sweep(environment.control, process.queues(this.#queues), process.schedule(schedule));
    });
  }

  readonly #queues: Queues = {
    urlOf: (arn) => arn,
    send: async (messages) => {
      const { disorder } = this.#options;
      this.sent += messages.length;
      for (const { job, body } of messages) {
        const late = disorder === undefined ? [] : [this.#round + disorder.below(LATEST)];
        for (const from of [0, ...late])
          this.#waiting.push({ id: randomUUID(), job, body, from, receives: 0 });
      }
      return new Map(messages.map(({ id }) => [id, randomUUID()]));
    },
    postpone: async () => {},
  };

  #forget(message: Message): void {
    const place = this.#waiting.indexOf(message);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  async #underWay(): Promise<boolean> {
    const touched = await this.#options.database.admin.sql`
      select from ops.runs where status = 'running'
      union all select from ops.redrives where status = 'running'
      union all select from ops.backfills where status = 'running'`;
    return touched > 0;
  }
}

function recordOf({ id, body, receives }: Message, eventSourceARN: string): QueueRecord {
  return {
    messageId: id,
    receiptHandle: id,
    body,
    eventSource: 'aws:sqs',
    eventSourceARN,
    attributes: { ApproximateReceiveCount: receives },
  };
}
