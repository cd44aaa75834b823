import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { workerConfig } from '../../functions/core/config.ts';
import { connect, type Database } from '../../functions/core/database.ts';
import { bury } from '../../functions/core/dead-letters.ts';
import { CuadreError } from '../../functions/core/errors.ts';
import type { Job } from '../../functions/core/job.ts';
import type { Invocation } from '../../functions/core/lambda.ts';
import { createLog } from '../../functions/core/log.ts';
import { graphOf, wakeOf } from '../../functions/core/pipeline.ts';
import { plan } from '../../functions/core/planner.ts';
import { workRecords } from '../../functions/core/queue-worker.ts';
import { MAX_TRIES } from '../../functions/core/retry.ts';
import { sweep } from '../../functions/core/sweep.ts';
import { Beats } from '../support/crash/beats.ts';
import { Dead, Points, type Process } from '../support/crash/points.ts';
import { type Clock, DAY, HOUR, MINUTE, SECOND } from './clock.ts';
import type { Disorder } from './disorder.ts';
import { type Due, SimulatedQueues } from './queues.ts';

/** 02:00 in Lima, when the cabinet's schedule fires. */
const FIRES = 7 * HOUR;
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
  deliveries: number;
  stops: number;
  sweeps: number;
  buried: number;
}

const silent = createLog({ level: 'error', write: () => {} });
const run = z.strictObject({ run_id: z.uuid(), status: z.string() });

interface Connections {
  readonly work: Database;
  readonly control: Database;
}

/** The cabinet's nights on AWS's rules: what is due happens in the order of the clock, and nothing else moves it. */
export class Nights {
  readonly counts: Counts = { runs: 0, deliveries: 0, stops: 0, sweeps: 0, buried: 0 };
  readonly #options: NightsOptions;
  readonly #queues: SimulatedQueues;
  /** A warm environment's connections, by function; a process that dies takes them along. */
  readonly #warm = new Map<string, Connections>();
  /** When the sweeper's schedule of a minute fires next; it is off without. */
  #minute: number | undefined;

  private constructor(options: NightsOptions, queues: SimulatedQueues) {
    this.#options = options;
    this.#queues = queues;
  }

  static async open(options: NightsOptions): Promise<Nights> {
    const wake = wakeOf(cabinetDaily);
    const jobs = [...Object.keys(graphOf(cabinetDaily)), wake];
    return new Nights(options, await SimulatedQueues.start(jobs, wake, options.disorder));
  }

  /**
   * From the schedule's firing to the next one's. @param day since 1970-01-01
   * @returns the night's runs
   */
  async night(day: number): Promise<z.output<typeof run>[]> {
    const { clock, disorder, admin } = this.#options;
    const [from, to] = [day * DAY + FIRES, (day + 1) * DAY + FIRES - HOUR];
    disorder.newNight();
    await clock.moveTo(from);
    await this.#plan(from);
    // Scheduler delivers at least once.
    if (disorder.happens(0.2)) await this.#plan(from);
    let daily: number | undefined = day * DAY + DAILY_SWEEP;
    for (;;) {
      const due = this.#queues.due();
      const next = Math.min(...due.map(({ at }) => at), this.#minute ?? to, daily ?? to, to);
      if (next >= to) break;
      await clock.moveTo(next);
      if (daily !== undefined && daily <= clock.now) {
        daily = undefined;
        await this.#sweep();
      } else if (this.#minute !== undefined && this.#minute <= clock.now) {
        this.#minute = clock.now + MINUTE;
        await this.#sweep();
      } else {
        const [first] = disorder.inAnyOrder(due.filter(({ at }) => at <= clock.now));
        if (first !== undefined) await this.#deliver(first);
      }
    }
    await clock.moveTo(to);
    const runs = await admin.sql(run)`
      select run_id, status from ops.runs where created_at >= ${new Date(from).toISOString()}::timestamptz`;
    this.counts.runs += runs.length;
    return runs;
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
    const planned = () =>
      this.#process('planner', async (process, invocation) => {
        const asked = { asOf: undefined, dryRun: false, input: {} };
        await plan(cabinetDaily, asked, trigger, invocation, process.queues(this.#queues.queues));
      });
    while (!(await planned())) await clock.moveTo(clock.now + MINUTE);
  }

  async #deliver(due: Due): Promise<void> {
    const record = await this.#queues.receive(due);
    if (record === undefined) return;
    this.counts.deliveries += 1;
    const acknowledge = (process: Process) =>
      process.step('acknowledge', () => this.#queues.forget(due, record));
    if (due.dead) {
      await this.#process('dead letters', async (process, invocation) => {
        await bury(record, invocation, process.queues(this.#queues.queues));
        this.counts.buried += 1;
        await acknowledge(process);
      });
    } else if (due.job === wakeOf(cabinetDaily)) {
      await this.#sweep(acknowledge);
    } else {
      await this.#process(due.job, async (process, invocation) => {
        const job = this.#options.bodies(process).find(({ name }) => name === due.job);
        if (job === undefined) throw new Error(`no body for ${due.job}`);
        const queues = process.queues(this.#queues.queues);
        const { batchItemFailures } = await workRecords(job, [record], invocation, queues);
        if (batchItemFailures.length === 0) await acknowledge(process);
      });
    }
  }

  async #sweep(afterwards: (process: Process) => Promise<void> = async () => {}): Promise<void> {
    const { clock } = this.#options;
    const switchTo = (next: number | undefined) => async () => {
      const changes = (this.#minute === undefined) !== (next === undefined);
      if (changes) this.#minute = next;
      return changes;
    };
    this.counts.sweeps += 1;
    await this.#process('sweeper', async (process, { environment }) => {
      const schedule = process.schedule({
        enable: switchTo(clock.now + MINUTE),
        disable: switchTo(undefined),
      });
      await sweep(environment.control, process.queues(this.#queues.queues), schedule);
      await afterwards(process);
    });
  }

  /** False when it died, or gave up. */
  async #process(
    name: string,
    work: (process: Process, invocation: Invocation) => Promise<void>,
  ): Promise<boolean> {
    const { clock, disorder, admin } = this.#options;
    const planned = disorder.plan(name);
    const points = new Points(planned, async (pid) => {
      await admin.sql`select pg_terminate_backend(${pid}, 10000)`;
    });
    const process = points.process(name);
    const { work: worker, control } = this.#connections(name);
    const beats = new Beats();
    try {
      await work(process, {
        environment: {
          work: process.database(worker, () => beats.once(process)),
          control: process.database(control),
          log: silent,
          codeVersion: 'simulated',
          config: workerConfig({ MAX_RECEIVES: String(MAX_TRIES) }),
        },
        log: silent,
        requestId: randomUUID(),
        functionArn: 'arn:aws:lambda:::function:simulated',
        remaining: () => 600_000,
      });
      return !process.dead;
    } catch (error) {
      if (error instanceof Dead || error instanceof CuadreError) return false;
      throw error;
    } finally {
      beats.restore();
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
    const open = () => connect({ url: this.#options.url('cuadre_jobs') });
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
