import type { Database } from '../../functions/core/database.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The Date of before, for what has to know how long something really took. */
const machineNow = Date.now.bind(Date);

/**
 * Time that stands still until somebody moves it, for this process, whose queue server reads `Date.now`, and for the
 * database alike, whose functions ask `simulation.instant()`.
 */
export class Clock {
  readonly #admin: Database;
  #instant: number;

  constructor(admin: Database, instant: number) {
    this.#admin = admin;
    this.#instant = instant;
    Date.now = () => this.#instant;
  }

  get now(): number {
    return this.#instant;
  }

  /** Never back. */
  async moveTo(instant: number): Promise<void> {
    this.#instant = Math.max(this.#instant, instant);
    await this.#admin
      .sql`update simulation.clock set instant = ${new Date(this.#instant).toISOString()}::timestamptz`;
  }

  restore(): void {
    Date.now = machineNow;
  }
}
