import { randomUUID } from 'node:crypto';
import { workerConfig } from '../../../functions/core/config.ts';
import { bury } from '../../../functions/core/dead-letters.ts';
import { CuadreError } from '../../../functions/core/errors.ts';
import type { QueueRecord } from '../../../functions/core/events.ts';
import type { Job } from '../../../functions/core/job.ts';
import type { Invocation } from '../../../functions/core/lambda.ts';
import { createLog } from '../../../functions/core/log.ts';
import { type Pipeline, wakeOf } from '../../../functions/core/pipeline.ts';
import { plan } from '../../../functions/core/planner.ts';
import { workRecords } from '../../../functions/core/queue-worker.ts';
import type { Queues } from '../../../functions/core/queues.ts';
import { MAX_TRIES } from '../../../functions/core/retry.ts';
import type { Trigger } from '../../../functions/core/start.ts';
import { sweep } from '../../../functions/core/sweep.ts';
import type { SweepSchedule } from '../../../functions/core/sweep-schedule.ts';
import type { Dice } from '../dice.ts';
import { Beats } from './beats.ts';
import type { NightDatabase } from './copies.ts';
import { Gate } from './gate.ts';
import { Dead, type Place, type Points, type Process } from './points.ts';

/** Which of the two brings a dead worker's job back: both must do. */
export type Rescue = 'the message' | 'the sweeper';

export interface WorldOptions {
  readonly database: NightDatabase;
  readonly pipeline: Pipeline;
  /** Those that speak to a service are made anew in each process, which stands between them and it. */
  readonly jobs: readonly Job[] | ((process: Process) => readonly Job[]);
  readonly asOf: string;
  /** What begins the run instead of the planner, under its name. */
  readonly begin?: {
    readonly name: string;
    run(invocation: Invocation, queues: Queues, process: Process): Promise<unknown>;
  };
  /** Every message is delivered twice and in any order; the second copy later, also after the run is over. */
  readonly disorder?: Dice;
  readonly input?: Readonly<Record<string, Record<string, string | number | boolean>>>;
  readonly points: Points;
  readonly rescue: Rescue;
  readonly twice?: Twice;
  /** A job whose function cannot even start: its messages are given up in the end. */
  readonly outOfOrder?: string;
  /** Through which port a process of that name reaches the database; the server's own where there is none. */
  readonly portOf?: (process: string) => number | undefined;
}

/** A process that is there twice at once: one is held at its point, the other does all that it can; then the first goes on. */
export interface Twice extends Place {
  /** The one that is held gives no sign of life for a lease. */
  readonly takenForDead?: boolean;
}

type Work = (process: Process, invocation: Invocation) => Promise<void>;

interface Called {
  readonly gate?: Gate;
  /** How the database knows its connections. */
  readonly called?: string;
}

const OTHER = 'the other one';

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

const silent = createLog({ level: 'error', write: () => {} });

/**
 * A night on AWS's rules, without AWS: Scheduler retries the planner, the queue gives a message that nobody
 * acknowledged again and at last gives it up, the sweeper comes by when its schedule is on, and once at the end of the day.
 */
export class World {
  readonly #options: WorldOptions;
  readonly #waiting: Message[] = [];
  readonly #trigger: Trigger;
  #minute = false;
  #round = 0;
  #processes = 0;
  /** Messages sent, and deliveries, of copies too. */
  sent = 0;
  delivered = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
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
      return this.#alive(begin.name, async (process, invocation) => {
        await begin.run(invocation, process.queues(this.#queues), process);
      });
    }
    return this.#alive('planner', async (process, invocation) => {
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
    await this.#alive(message.job, async (process, invocation) => {
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
    const buried = await this.#alive('dead letters', (process, invocation) =>
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
    await this.#heartbeatsAge();
    if (this.#minute || this.#waiting.length === 0) await this.#sweep();
  }

  async #heartbeatsAge(): Promise<void> {
    await this.#options.database.admin
      .sql`update ops.heartbeats set beat_at = beat_at - interval '31 seconds'`;
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
    return this.#alive('sweeper', async (process, { environment }) => {
      await sweep(environment.control, process.queues(this.#queues), process.schedule(schedule));
    });
  }

  /** In a process of its own; where it is said, in two at once. False when it died. */
  async #alive(name: string, work: Work): Promise<boolean> {
    const { twice } = this.#options;
    const number = this.#processes;
    this.#processes += 1;
    if (twice === undefined || twice.process !== number) return this.#process(name, work, {});
    const gate = new Gate(twice.at);
    const held = this.#process(name, work, { gate });
    await Promise.race([gate.reached, held]);
    if (twice.takenForDead) await this.#heartbeatsAge();
    const other = this.#process(name, work, { called: OTHER });
    await this.#endedOrWaiting(other);
    gate.open();
    const alive = await Promise.all([held, other]);
    return alive.includes(true);
  }

  /** Until it is over, or waits for a lock that the one that is held has. */
  async #endedOrWaiting(other: Promise<unknown>): Promise<void> {
    let over = false;
    const ended = other.finally(() => {
      over = true;
    });
    // Its failure is told where it is awaited.
    ended.catch(() => undefined);
    while (!over) {
      const waiting = await this.#options.database.admin.sql`
        select from pg_stat_activity
        where datname = current_database() and application_name = ${OTHER} and wait_event_type = 'Lock'`;
      if (waiting > 0) return;
    }
  }

  async #process(name: string, work: Work, { gate, called }: Called): Promise<boolean> {
    const { database, points, twice, portOf } = this.#options;
    const process = points.process(name, gate);
    const open = () => database.connect('cuadre_jobs', { port: portOf?.(name), applicationName: called });
    const opened = { work: open(), control: open() };
    const beats = twice === undefined ? new Beats() : undefined;
    try {
      await work(process, {
        environment: {
          work: process.database(opened.work, async () => beats?.once(process)),
          control: process.database(opened.control),
          log: silent,
          codeVersion: 'test',
          config: workerConfig({ MAX_RECEIVES: String(MAX_TRIES) }),
        },
        log: silent,
        requestId: randomUUID(),
        functionArn: 'arn:aws:lambda:::function:test',
        remaining: () => 600_000,
      });
      return !process.dead;
    } catch (error) {
      // Dead, or out of its depth, a lost connection say: either way its caller comes again.
      if (error instanceof Dead || error instanceof CuadreError) return false;
      throw error;
    } finally {
      beats?.restore();
      await Promise.all([opened.work.close(), opened.control.close()]);
    }
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
