/** Numbers from a seed, the same on every machine (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to below 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(n: number): number {
    return Math.floor(this.roll() * n);
  }

  chance(p: number): boolean {
    return this.roll() < p;
  }

  of(values: readonly string[]): string {
    return values[this.below(values.length)] ?? '';
  }

  /** In an order of its own. */
  shuffled<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, at: this.roll() }))
      .sort((a, b) => a.at - b.at)
      .map(({ value }) => value);
  }
}
