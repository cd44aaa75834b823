import type { Process } from './points.ts';

/**
 * A heartbeat comes every 10 s and a job of a test takes none: here the first statement of the work is when it is due,
 * and the work waits for it, so that its place among the points is the same each time.
 */
export class Beats {
  readonly #machine = globalThis.setInterval;
  readonly #due: (() => void)[] = [];

  constructor() {
    const due = this.#due;
    const machine = this.#machine;
    globalThis.setInterval = Object.assign((callback: () => void) => {
      due.push(callback);
      // For the caller to unref and clear; it never comes by itself.
      return machine(() => {}, 2 ** 31 - 1);
    }, machine);
  }

  async once(process: Process): Promise<void> {
    const due = this.#due.splice(0);
    if (due.length === 0) return;
    for (const beat of due) beat();
    await process.quiet();
  }

  restore(): void {
    globalThis.setInterval = this.#machine;
  }
}
