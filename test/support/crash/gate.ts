/** Holds a process at one of its points until it is let go. */
export class Gate {
  readonly #at: number;
  readonly #reached = Promise.withResolvers<void>();
  readonly #open = Promise.withResolvers<void>();
  #passed = 0;

  /** @param at the point, counted from 0 among those of the process */
  constructor(at: number) {
    this.#at = at;
  }

  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  async pass(): Promise<void> {
    const here = this.#passed;
    this.#passed += 1;
    if (here !== this.#at) return;
    this.#reached.resolve();
    await this.#open.promise;
  }

  open(): void {
    this.#open.resolve();
  }
}
