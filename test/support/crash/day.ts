import type { Database } from '../../../functions/core/database.ts';
import { readEvent, type ScheduleEvent } from '../../../functions/core/events.ts';
import type { KnownSchedule } from '../../../functions/core/schedules/known.ts';
import { FakeScheduler } from '../scheduler.ts';
import { SWEEP } from './functions.ts';

/** A day of a schedule; all times are instants, `2026-01-12T07:00:00Z`. */
export interface DayOptions {
  readonly schedule: KnownSchedule;
  /** When it was made. */
  readonly since: string;
  readonly due: string;
  /** When Scheduler hands the due time to the planner: never, once, or more often. */
  readonly delivered: readonly string[];
  /** When its source is there; never unless given. */
  readonly source?: { readonly at: string; load(admin: Database): Promise<unknown> };
  /** When the sweeper comes by in any case. */
  readonly sweep: string;
}

interface Delivery {
  readonly at: number;
  readonly input: unknown;
}

const MINUTE = 60_000;

/** The clock of a day, and EventBridge Scheduler on it: it calls until it is heard, and what fires once is gone when its planner has been heard. */
export class Day {
  readonly scheduler: FakeScheduler;
  readonly #options: DayOptions;
  readonly #deliveries: Delivery[];
  #now: number;
  #loaded: boolean;
  #swept = false;

  constructor(options: DayOptions) {
    const { schedule, since, due, delivered } = options;
    this.#options = options;
    this.scheduler = new FakeScheduler({ name: SWEEP }, schedule);
    this.scheduler.on.set(SWEEP, false);
    this.scheduler.createdAt = new Date(since);
    const input = { source: 'schedule', scheduleArn: schedule.arn, scheduledTime: due, dryRun: false };
    this.#deliveries = delivered.map((at) => ({ at: Date.parse(at), input }));
    this.#loaded = options.source === undefined;
    this.#now = Date.parse(due);
  }

  get now(): Date {
    return new Date(this.#now);
  }

  get sweepIsDue(): boolean {
    return !this.#swept && this.#now >= Date.parse(this.#options.sweep);
  }

  swept(): void {
    if (this.sweepIsDue) this.#swept = true;
  }

  minutePasses(): void {
    this.#now += MINUTE;
  }

  /** To the next thing that happens, unless somebody is still to be called, the sweeper too: nobody is at work until then. */
  moveOn(): void {
    const isToCall = [
      this.sweepIsDue,
      this.#deliveries.some(({ at }) => at <= this.#now),
      [...this.scheduler.made.values()].some(({ at }) => at.getTime() <= this.#now),
    ];
    if (isToCall.includes(true)) return;
    const next = Math.min(...this.#toCome().filter((at) => at > this.#now));
    if (Number.isFinite(next)) this.#now = next;
  }

  /**
   * What is due by now. @param call a planner, which may die
   * @returns whether nothing more is to come
   */
  async fire(admin: Database, call: (event: ScheduleEvent) => Promise<boolean>): Promise<boolean> {
    const { source } = this.#options;
    if (source !== undefined && !this.#loaded && this.#now >= Date.parse(source.at)) {
      await source.load(admin);
      this.#loaded = true;
    }
    for (const { name, at } of [...this.scheduler.made.values()]) {
      if (at.getTime() > this.#now) continue;
      this.#deliveries.push({ at: at.getTime(), input: this.scheduler.fire(name) });
    }
    for (const delivery of this.#deliveries.filter(({ at }) => at <= this.#now)) {
      const event = readEvent(delivery.input);
      if (event.from !== 'schedule') throw new Error('the input of a schedule says so');
      if (!(await call(event.schedule))) continue;
      this.#deliveries.splice(this.#deliveries.indexOf(delivery), 1);
      this.scheduler.returned(delivery.input);
    }
    return this.#toCome().length === 0;
  }

  /** How Scheduler stands at the end, and what it was asked to make. */
  told(): string[] {
    return [
      ...this.scheduler.calls.filter((call) => call.startsWith('once ')),
      ...[...this.scheduler.on].map(([name, on]) => `${name} is ${on ? 'on' : 'off'}`),
      ...[...this.scheduler.made.keys()].map((name) => `${name} has not fired`),
    ];
  }

  #toCome(): number[] {
    const { source, sweep } = this.#options;
    return [
      ...this.#deliveries.map(({ at }) => at),
      ...[...this.scheduler.made.values()].map(({ at }) => at.getTime()),
      ...(this.#loaded || source === undefined ? [] : [Date.parse(source.at)]),
      ...(this.#swept ? [] : [Date.parse(sweep)]),
    ];
  }
}
