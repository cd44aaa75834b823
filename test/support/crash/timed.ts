/** Nights to spend one after the other, and what one of them took. */
export class Timed<T> implements Iterable<T> {
  readonly #all: readonly T[];
  #tookMs = 0;

  constructor(all: readonly T[]) {
    this.#all = all;
  }

  *[Symbol.iterator](): Generator<T> {
    const began = performance.now();
    for (const each of this.#all) {
      yield each;
      this.#tookMs = performance.now() - began;
    }
  }

  /** Once they are spent: `3 of 282 stops, 0.94 s a night`. */
  of(all: number, what: string): string {
    const each =
      this.#all.length === 0 ? '' : `, ${(this.#tookMs / 1000 / this.#all.length).toFixed(2)} s a night`;
    return `${this.#all.length} of ${all} ${what}${each}`;
  }
}

export function timed<T>(all: readonly T[]): Timed<T> {
  return new Timed(all);
}
