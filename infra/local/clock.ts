/** Every wait and every "now" of the local runtime goes through a clock, so that a test can own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once, `milliseconds` from now. Returns what cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** setTimeout's limit; a longer delay would fire at once. A yearly schedule is beyond it. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, callback) {
    const due = Date.now() + milliseconds;
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = Math.max(due - Date.now(), 0);
      timer = setTimeout(left > LONGEST_TIMEOUT ? arm : callback, Math.min(left, LONGEST_TIMEOUT));
    };
    arm();
    return () => clearTimeout(timer);
  },
};

interface Waiting {
  readonly due: number;
  readonly callback: () => void;
  cancelTimer: () => void;
}

/**
 * Time that flows and can also be moved forward. It takes over `Date.now` of this process while it is
 * installed, because the queue server reads that: a visibility timeout of hours passes in one `advance`.
 * Functions run in processes of their own, in the machine's time.
 */
export class VirtualClock implements Clock {
  #offset = 0;
  #waiting = new Set<Waiting>();
  readonly #machineNow = Date.now;

  install(): this {
    Date.now = () => this.now();
    return this;
  }

  restore(): void {
    Date.now = this.#machineNow;
    for (const waiting of this.#waiting) waiting.cancelTimer();
    this.#waiting.clear();
  }

  now(): number {
    return this.#machineNow.call(Date) + this.#offset;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const waiting: Waiting = { due: this.now() + milliseconds, callback, cancelTimer: () => {} };
    this.#waiting.add(waiting);
    this.#arm(waiting);
    return () => {
      waiting.cancelTimer();
      this.#waiting.delete(waiting);
    };
  }

  /** Moves time forward; what falls due on the way happens in order, each at its own instant. */
  async advance(milliseconds: number): Promise<void> {
    const target = this.now() + milliseconds;
    for (;;) {
      const next = [...this.#waiting].filter(({ due }) => due <= target).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#moveTo(next.due);
      this.#fire(next);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#moveTo(target);
    for (const waiting of this.#waiting) this.#arm(waiting);
  }

  /** Never back: the machine's time may have passed the instant meanwhile. */
  #moveTo(instant: number): void {
    this.#offset += Math.max(instant - this.now(), 0);
  }

  #fire(waiting: Waiting): void {
    waiting.cancelTimer();
    if (this.#waiting.delete(waiting)) waiting.callback();
  }

  #arm(waiting: Waiting): void {
    waiting.cancelTimer();
    const left = Math.min(Math.max(waiting.due - this.now(), 0), LONGEST_TIMEOUT);
    const timer = setTimeout(
      () => (waiting.due <= this.now() ? this.#fire(waiting) : this.#arm(waiting)),
      left,
    );
    waiting.cancelTimer = () => clearTimeout(timer);
  }
}
