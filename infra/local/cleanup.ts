/** What must be undone, the last first; each step is tried even where another failed. */
export class Cleanup {
  #steps: (() => Promise<void> | void)[] = [];

  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /** Waits for something that starts, and undoes it with the rest. */
  async track<T extends { stop(): Promise<void> | void } | undefined>(starting: Promise<T>): Promise<T> {
    const started = await starting;
    if (started !== undefined) this.add(() => started.stop());
    return started;
  }

  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'the stack did not stop cleanly');
  }
}
