/** What may wait for its turn, and of the one whose turn it is. A turn of an export is some 2 MB. */
const HELD = 6 * 1024 * 1024;
const AHEAD = 256 * 1024;

interface Turn<T> {
  readonly items: T[];
  size: number;
  ended: boolean;
}

/**
 * Items that several hands bring in numbered turns, handed on in the order of the turns. Whoever is ahead of the others
 * waits once so much is held. Nobody can wait for ever: turns are taken in their order, so the one that is handed
 * on now is in the hands of somebody, who may always bring more of it.
 */
export class InOrder<T> {
  readonly #turns: Turn<T>[];
  readonly #sizeOf: (item: T) => number;
  readonly #held: number;
  #taken = 0;
  #current = 0;
  /** Of turns that have not come. */
  #waiting = 0;
  #stopped = false;
  #failure: { readonly error: unknown } | undefined;
  #sleepers: (() => void)[] = [];

  constructor(turns: number, sizeOf: (item: T) => number, held = HELD) {
    this.#turns = Array.from({ length: turns }, () => ({ items: [], size: 0, ended: false }));
    this.#sizeOf = sizeOf;
    this.#held = held;
  }

  /** The next turn that nobody has taken; undefined when there is none, or no more is wanted. */
  take(): number | undefined {
    if (this.#stopped || this.#taken === this.#turns.length) return undefined;
    this.#taken += 1;
    return this.#taken - 1;
  }

  /** Resolves once more may be brought: false when no more is wanted. */
  async give(n: number, item: T): Promise<boolean> {
    const turn = this.#turns[n];
    if (turn === undefined || this.#stopped) return false;
    const size = this.#sizeOf(item);
    turn.items.push(item);
    turn.size += size;
    if (n !== this.#current) this.#waiting += size;
    this.#changed();
    while (!this.#stopped && (n === this.#current ? turn.size > AHEAD : this.#waiting > this.#held)) {
      await this.#change();
    }
    return !this.#stopped;
  }

  end(n: number): void {
    const turn = this.#turns[n];
    if (turn !== undefined) turn.ended = true;
    this.#changed();
  }

  /** Whoever reads gets the first error, once. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.stop();
  }

  /** No more is wanted. */
  stop(): void {
    this.#stopped = true;
    this.#changed();
  }

  async *items(): AsyncGenerator<T, undefined> {
    for (const turn of this.#turns) {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure.error;
        const item = turn.items.shift();
        if (item !== undefined) {
          turn.size -= this.#sizeOf(item);
          this.#changed();
          yield item;
        } else if (turn.ended) {
          break;
        } else {
          await this.#change();
        }
      }
      this.#current += 1;
      this.#waiting -= this.#turns[this.#current]?.size ?? 0;
      this.#changed();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#sleepers.push(resolve));
  }

  #changed(): void {
    const sleepers = this.#sleepers;
    if (sleepers.length === 0) return;
    this.#sleepers = [];
    for (const wake of sleepers) wake();
  }
}
