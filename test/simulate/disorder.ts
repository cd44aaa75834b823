import type { Queue } from '../../infra/local/sqs/server.ts';
import { FATES, type Fate } from '../support/crash/points.ts';
import type { Dice } from '../support/dice.ts';
import { HOUR, MINUTE } from './clock.ts';

/** Points that a process of the cabinet passes, roughly: a fault beyond its last never happens. */
const POINTS = 48;

/** A process meets a fault only so often a night, so that its job has tries left: what fails for good is another test. */
const MOST_FAULTS = 2;

export interface Disturbed {
  duplicates: number;
  late: number;
}

/** What goes wrong, drawn from one row of numbers: the same for the same sequence of questions. */
export class Disorder {
  readonly #dice: Dice;
  readonly #amount: number;
  readonly #faults = new Map<string, number>();
  readonly seen: Disturbed = { duplicates: 0, late: 0 };

  constructor(dice: Dice, amount: number) {
    this.#dice = dice;
    this.#amount = amount;
  }

  newNight(): void {
    this.#faults.clear();
  }

  happens(share: number): boolean {
    // Asked also where nothing goes wrong, so that a little more disorder does not change everything.
    return this.#dice.chance(share * this.#amount);
  }

  /** Where a process stops, if it does. */
  plan(name: string): ReadonlyMap<number, Fate> {
    const stops = this.happens(0.35);
    const [at, fate] = [this.#dice.below(POINTS), FATES[this.#dice.below(FATES.length)] ?? 'process'];
    return stops && (this.#faults.get(name) ?? 0) < MOST_FAULTS ? new Map([[at, fate]]) : new Map();
  }

  stopped(name: string): void {
    this.#faults.set(name, (this.#faults.get(name) ?? 0) + 1);
  }

  /** Milliseconds that something takes. */
  takes(most: number): number {
    return 1 + this.#dice.below(most);
  }

  inAnyOrder<T>(all: readonly T[]): T[] {
    return this.#amount === 0 ? [...all] : this.#dice.shuffled(all);
  }

  /** Messages of the queue come twice, late, and in another order; some copies hours after their run is over. */
  disturb(queue: Queue): void {
    const enqueue = queue.enqueue.bind(queue);
    queue.enqueue = (message) => {
      const from = Math.max(message.delayUntil ?? 0, Date.now());
      const late = this.happens(0.5) ? this.takes(10 * MINUTE) : 0;
      if (late > 0) this.seen.late += 1;
      enqueue({ ...message, delayUntil: from + late });
      if (!this.happens(0.5)) return;
      this.seen.duplicates += 1;
      enqueue({
        ...message,
        delayUntil: from + this.takes(this.#dice.chance(0.2) ? 40 * HOUR : 20 * MINUTE),
      });
    };
  }
}
