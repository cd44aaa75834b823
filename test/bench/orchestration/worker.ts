import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { done, type Order, type Setup } from './orders.ts';

/** A process of workers, and what it has been asked and not answered. */
export class Worker {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  #last = 0;

  constructor(given: Setup) {
    this.#process = fork(new URL('./worker-process.ts', import.meta.url), [JSON.stringify(given)]);
    this.#process.on('message', (message) => {
      const { id, error } = done.parse(message);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === null) waiting?.resolve();
      else waiting?.reject(new Error(error));
    });
    this.#process.once('exit', () => {
      for (const waiting of this.#waiting.values()) waiting.reject(new Error('the process of workers ended'));
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get busy(): number {
    return this.#waiting.size;
  }

  ask(what: DistributiveOmit<Order, 'id'>): Promise<void> {
    this.#last += 1;
    const answer = Promise.withResolvers<void>();
    this.#waiting.set(this.#last, answer);
    this.#process.send({ ...what, id: this.#last });
    return answer.promise;
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
