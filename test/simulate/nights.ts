import * as z from 'zod';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { connect, type Database } from '../../functions/core/database.ts';
import type { Job } from '../../functions/core/job.ts';
import { wakeOf } from '../../functions/core/pipeline.ts';
import { askedUpload } from '../support/crash/asked-upload.ts';
import { Functions } from '../support/crash/functions.ts';
import { type Connections, invoked, type Work } from '../support/crash/invoked.ts';
import { kill } from '../support/crash/kill.ts';
import { Points, type Process } from '../support/crash/points.ts';
import { type Clock, DAY, HOUR, MINUTE, SECOND } from './clock.ts';
import type { Disorder } from './disorder.ts';
import type { File } from './files.ts';
import { type Due, SimulatedQueues } from './queues.ts';
import { leadIdsAgain } from './upstream.ts';

/** 02:00 in Lima, when the cabinet's schedule fires. */
const FIRES = 7 * HOUR;
/**
 * Hours go by between two invocations, by the clock, and a minute of idleness ends a connection: each of them would begin
 * with new ones, and a night take half as long again. Lost connections are among the faults.
 */
const NEVER_IDLE = 1_000_000;
/** 20:00 in Lima, when people upload what they have. */
const EVENING = HOUR;
/** The sweeper's daily schedule. */
const DAILY_SWEEP = 15 * HOUR;

export interface NightsOptions {
  readonly url: (role: string) => string;
  readonly admin: Database;
  readonly clock: Clock;
  readonly disorder: Disorder;
  readonly bodies: (process: Process) => readonly Job[];
}

export interface Counts {
  runs: number;
  uploads: number;
  deliveries: number;
  stops: number;
  sweeps: number;
  buried: number;
}

/** The sweeper's own schedule is all that Scheduler is asked for. */
const notAsked = async () => {
  throw new Error('nothing here has another schedule');
};

const run = z.strictObject({ run_id: z.uuid(), status: z.string() });

/** The cabinet's evenings and nights on AWS's rules: what is due happens in the order of the clock, and nothing else moves it. */
export class Nights {
  readonly counts: Counts = { runs: 0, uploads: 0, deliveries: 0, stops: 0, sweeps: 0, buried: 0 };
  readonly #options: NightsOptions;
  readonly #queues: SimulatedQueues;
  readonly #functions: Functions;
  /** A warm environment's connections, by function; a process that dies takes them along. */
  readonly #warm = new Map<string, Connections>();
  /** When the sweeper's schedule of a minute fires next; it is off without. */
  #minute: number | undefined;

  private constructor(options: NightsOptions, queues: SimulatedQueues) {
    this.#options = options;
    this.#queues = queues;
    this.#functions = new Functions({
      pipeline: cabinetDaily,
      jobs: options.bodies,
      queues: queues.queues,
      scheduler: { describe: notAsked, switch: (_name, on) => this.#switch(on), once: notAsked },
    });
  }

  static async open(options: NightsOptions): Promise<Nights> {
    const wake = wakeOf(cabinetDaily);
    const jobs = [...Object.keys(cabinetDaily.jobs), wake];
    return new Nights(options, await SimulatedQueues.start(jobs, wake, options.disorder));
  }

  /** The evening before: people upload files, and they are taken in before the night. @param day of the night */
  async evening(day: number, files: readonly File[]): Promise<void> {
    const { clock, disorder, admin } = this.#options;
    disorder.newNight();
    await clock.moveTo(day * DAY + EVENING);
    for (const { uploadId, dataset, text } of files) {
      await admin.sql`select ops.request_upload(${uploadId}::uuid, ${dataset}, 'ana', ${`${dataset}.csv`}, ${text.length}::bigint)`;
      const asOf = new Date(clock.now - DAY).toISOString().slice(0, 10);
      const asks = askedUpload(uploadId, asOf, new Date(clock.now), this.#queues.queues);
      // Who is not answered asks again, and so does who is told that another file is being taken in.
      while (!(await this.#process('api', asks))) await this.#goOn(clock.now + MINUTE);
    }
    this.counts.uploads += files.length;
    await this.#goOn(day * DAY + FIRES - HOUR);
  }

  /**
   * From the schedule's firing to the next evening. @param day since 1970-01-01
   * @returns the runs since the evening before
   */
  async night(day: number): Promise<z.output<typeof run>[]> {
    const { clock, disorder, admin } = this.#options;
    const from = day * DAY + FIRES;
    await clock.moveTo(from);
    await this.#plan(from);
    // Scheduler delivers at least once.
    if (disorder.happens(0.2)) await this.#plan(from);
    await this.#goOn(day * DAY + DAILY_SWEEP);
    await this.#sweep();
    await this.#goOn((day + 1) * DAY + EVENING - MINUTE);
    const runs = await admin.sql(run)`
      select run_id, status from ops.runs where created_at >= ${new Date(day * DAY + EVENING).toISOString()}::timestamptz`;
    this.counts.runs += runs.length;
    return runs;
  }

  /** All that is due until then. */
  async #goOn(to: number): Promise<void> {
    const { clock, disorder } = this.#options;
    for (;;) {
      const due = this.#queues.due();
      const next = Math.min(...due.map(({ at }) => at), this.#minute ?? to, to);
      if (next >= to) break;
      await clock.moveTo(next);
      if (this.#minute !== undefined && this.#minute <= clock.now) {
        this.#minute = clock.now + MINUTE;
        await this.#sweep();
      } else {
        const [first] = disorder.inAnyOrder(due.filter(({ at }) => at <= clock.now));
        if (first !== undefined) await this.#deliver(first);
      }
    }
    await clock.moveTo(to);
  }

  async #plan(due: number): Promise<void> {
    const { clock } = this.#options;
    const at = new Date(due);
    const trigger = {
      kind: 'schedule',
      key: `schedule ${at.toISOString()}`,
      detail: {},
      due: at,
      now: at,
    } as const;
    const asked = { asOf: undefined, dryRun: false, input: {} };
    const work = this.#functions.planner(asked, trigger);
    while (!(await this.#process('planner', work))) await clock.moveTo(clock.now + MINUTE);
  }

  async #deliver(due: Due): Promise<void> {
    const record = await this.#queues.receive(due);
    if (record === undefined) return;
    this.counts.deliveries += 1;
    const acknowledge = () => this.#queues.forget(due, record);
    if (due.dead) {
      if (await this.#process('dead letters', this.#functions.deadLetters(record, acknowledge))) {
        this.counts.buried += 1;
      }
    } else if (due.job === wakeOf(cabinetDaily)) {
      await this.#sweep(acknowledge);
    } else {
      await leadIdsAgain(this.#options.admin);
      await this.#process(due.job, this.#functions.worker(due.job, record, acknowledge));
    }
  }

  async #sweep(acknowledge?: () => Promise<void>): Promise<void> {
    this.counts.sweeps += 1;
    await this.#process('sweeper', this.#functions.sweeper(acknowledge));
  }

  /** Whether anything had to be changed. */
  async #switch(on: boolean): Promise<boolean> {
    if (on === (this.#minute !== undefined)) return false;
    this.#minute = on ? this.#options.clock.now + MINUTE : undefined;
    return true;
  }

  /** False when it died, or gave up. */
  async #process(name: string, work: Work): Promise<boolean> {
    const { clock, disorder, admin } = this.#options;
    const planned = disorder.plan(name);
    const points = new Points(planned, (pid) => kill(admin, pid));
    const process = points.process(name);
    try {
      return await invoked(process, this.#connections(name), work);
    } finally {
      const stopped = [...planned.keys()].some((at) => at < points.passed.length);
      if (stopped) {
        this.counts.stops += 1;
        disorder.stopped(name);
      }
      if (process.dead) await this.#closeConnections(name);
      await clock.moveTo(clock.now + disorder.takes(20 * SECOND));
    }
  }

  #connections(name: string): Connections {
    const warm = this.#warm.get(name);
    if (warm !== undefined) return warm;
    const open = () => connect({ url: this.#options.url('cuadre_jobs'), idleTimeoutSeconds: NEVER_IDLE });
    const opened = { work: open(), control: open() };
    this.#warm.set(name, opened);
    return opened;
  }

  async #closeConnections(name: string): Promise<void> {
    const opened = this.#warm.get(name);
    this.#warm.delete(name);
    await Promise.all([opened?.work.close(), opened?.control.close()]);
  }

  async close(): Promise<void> {
    for (const name of [...this.#warm.keys()]) await this.#closeConnections(name);
    await this.#queues.stop();
  }
}
