import { PermanentError } from '../errors.ts';
import type { Session } from './session.ts';

interface Idle {
  readonly session: Session;
  readonly since: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Lends at most `max` sessions, one holder each, first come first served. Holding a session exclusively is what
 * keeps a transaction's statements together and everybody else's out.
 */
export class Pool {
  readonly #open: () => Promise<Session>;
  readonly #idleMs: number;
  #idle: Idle[] = [];
  readonly #ending = new Set<Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #lastGood = Number.NEGATIVE_INFINITY;
  readonly #max: number;
  #closed = false;

  constructor(open: () => Promise<Session>, max: number, idleSeconds: number) {
    this.#open = open;
    this.#max = max;
    this.#free = max;
    this.#idleMs = idleSeconds * 1000;
  }

  async lease<T>(work: (session: Session) => Promise<T>): Promise<T> {
    if (this.#closed) throw new PermanentError('the database was closed', { code: 'DATABASE_CLOSED' });
    await this.#enter();
    try {
      const session = this.#take() ?? (await this.#open());
      try {
        return await work(session);
      } finally {
        this.#giveBack(session);
      }
    } finally {
      this.#leave();
    }
  }

  /** Whether a session came back in order so lately; by the clock, which goes on while the process is frozen. */
  goodWithin(milliseconds: number): boolean {
    return !this.#closed && Date.now() - this.#lastGood < milliseconds;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const places = Array.from({ length: this.#max }, () => this.#enter());
    await Promise.all(places);
    for (const _ of places) this.#leave();
    const idle = this.#idle;
    this.#idle = [];
    for (const one of idle) this.#discard(one);
    await Promise.all(this.#ending);
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The place goes straight to the next in line, so that a newcomer cannot slip in before it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  #take(): Session | undefined {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      // By the clock and not by the timer alone: a frozen process wakes with its timers still to come.
      const fresh = Date.now() - idle.since <= this.#idleMs;
      clearTimeout(idle.timer);
      if (fresh && idle.session.usable) return idle.session;
      this.#end(idle.session);
    }
    return undefined;
  }

  #giveBack(session: Session): void {
    if (!session.usable) {
      this.#lastGood = Number.NEGATIVE_INFINITY;
      this.#end(session);
      return;
    }
    this.#lastGood = Date.now();
    const idle: Idle = {
      session,
      since: Date.now(),
      timer: setTimeout(() => {
        this.#idle = this.#idle.filter((other) => other !== idle);
        this.#discard(idle);
      }, this.#idleMs).unref(),
    };
    this.#idle.push(idle);
  }

  #discard({ session, timer }: Idle): void {
    clearTimeout(timer);
    this.#end(session);
  }

  /** Nobody waits for it but close(). */
  #end(session: Session): void {
    const ending = session.end().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}
