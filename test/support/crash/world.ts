import { randomUUID } from 'node:crypto';
import type { QueueRecord } from '../../../functions/core/events.ts';
import { wakeOf } from '../../../functions/core/pipeline.ts';
import type { Queues } from '../../../functions/core/queues.ts';
import { MAX_TRIES } from '../../../functions/core/retry.ts';
import type { Trigger } from '../../../functions/core/start.ts';
import { FakeScheduler } from '../scheduler.ts';
import { Day } from './day.ts';
import { Functions, SWEEP } from './functions.ts';
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
  readonly #scheduler: FakeScheduler;
  readonly #day: Day | undefined;
  readonly #functions: Functions;
  #round = 0;
  /** Messages sent, and deliveries, of copies too. */
  sent = 0;
  delivered = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#processes = new Processes(options);
    const { pipeline, jobs, day } = options;
    this.#day = day && new Day(day);
    this.#scheduler = this.#day?.scheduler ?? new FakeScheduler({ name: SWEEP });
    this.#scheduler.on.set(SWEEP, false);
    this.#functions = new Functions({
      pipeline,
      jobs: typeof jobs === 'function' ? jobs : () => jobs,
      queues: this.#queues,
      scheduler: this.#scheduler,
      schedules: day === undefined ? [] : [day.schedule],
      now: () => this.#day?.now ?? new Date(),
    });
    const now = new Date();
    this.#trigger = { kind: 'schedule', key: `schedule ${randomUUID()}`, detail: {}, due: now, now };
  }

  /** @throws when the night does not come to rest */
  async night(): Promise<void> {
    try {
      await this.#night();
    } finally {
      await this.#processes.close();
    }
  }

  async #night(): Promise<void> {
    let begun = false;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      this.#round = round;
      begun = (begun && this.#day === undefined) || (await this.#begin());
      const first = round > 0 && this.#options.rescue === 'the sweeper';
      if (first) await this.#minutePasses();
      await this.#deliverAll();
      const idle = this.#waiting.length === 0 && !(await this.#underWay());
      // The sweeper goes to rest as well.
      if (begun && idle && !this.#minute) return;
      if (this.#waiting.length === 0 && !this.#minute) this.#day?.moveOn();
      await this.#minutePasses();
    }
    throw new Error(`the night has not come to rest after ${MOST_ROUNDS} rounds`);
  }

  /** @returns whether nothing more is to begin */
  #begin(): Promise<boolean> {
    const { asOf, input = {}, begin, day, database } = this.#options;
    if (this.#day !== undefined && day !== undefined) {
      const { group } = day.schedule;
      return this.#day.fire(database.admin, (event) =>
        this.#processes.alive('planner', this.#functions.scheduled(event, group)),
      );
    }
    if (begin !== undefined) {
      return this.#processes.alive(begin.name, async (process, invocation) => {
        await begin.run(invocation, this.#queues, process);
      });
    }
    const request = { asOf, dryRun: false, input };
    return this.#processes.alive('planner', this.#functions.planner(request, this.#trigger));
  }

  async #deliverAll(): Promise<void> {
    const due = this.#waiting.filter(({ from }) => from <= this.#round);
    for (const message of this.#options.disorder?.shuffled(due) ?? due) await this.#deliver(message);
  }

  async #deliver(message: Message): Promise<void> {
    const { pipeline, outOfOrder } = this.#options;
    const { job } = message;
    message.receives += 1;
    this.delivered += 1;
    const acknowledge = async () => this.#forget(message);
    if (message.receives > MAX_TRIES) {
      const record = recordOf(message, `arn:aws:sqs:::${job.replace('.', '-')}-dlq`);
      await this.#processes.alive('dead letters', this.#functions.deadLetters(record, acknowledge));
    } else if (job === wakeOf(pipeline)) {
      await this.#sweep(acknowledge);
    } else if (job !== outOfOrder) {
      const record = recordOf(message, `arn:aws:sqs:::${job}`);
      await this.#processes.alive(job, this.#functions.worker(job, record, acknowledge));
    }
  }

  /** Long enough for a lease to end, and for the sweeper to come by: on its schedule or, at the latest, its daily one. */
  async #minutePasses(): Promise<void> {
    await this.#processes.heartbeatsAge();
    if (this.#day === undefined) {
      if (this.#minute || this.#waiting.length === 0) await this.#sweep();
      return;
    }
    this.#day.minutePasses();
    const due = this.#minute || this.#day.sweepIsDue;
    if (due && (await this.#sweep())) this.#day.swept();
  }

  /** How Scheduler stands, where there is a day. */
  get told(): readonly string[] {
    return this.#day?.told() ?? [];
  }

  #sweep(acknowledge?: () => Promise<void>): Promise<boolean> {
    return this.#processes.alive('sweeper', this.#functions.sweeper(acknowledge));
  }

  get #minute(): boolean {
    return this.#scheduler.on.get(SWEEP) === true;
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
