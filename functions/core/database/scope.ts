import { AsyncLocalStorage } from 'node:async_hooks';
import { PermanentError } from '../errors.ts';

/**
 * The stretch of statements that one body owns: a transaction or a savepoint. It puts them in line, hears of
 * every failure, also of those the body ignores, and takes no more once the body has ended.
 */
export class Scope {
  /** Whose transaction: statements of the same database outside of the handle are refused meanwhile. */
  readonly owner: object;
  readonly parent: Scope | undefined;
  #failure: { readonly error: unknown } | undefined;
  #open = true;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(owner: object, parent?: Scope) {
    this.owner = owner;
    this.parent = parent;
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  get open(): boolean {
    return this.#open;
  }

  /** After everything already in line, and not at all when the scope has been dropped meanwhile. */
  enqueue<T>(task: () => Promise<T>): Promise<T> {
    if (!this.#open) {
      return Promise.reject(
        new PermanentError('this handle was used after its transaction or savepoint had ended', {
          code: 'HANDLE_LEAKED',
        }),
      );
    }
    if (isInside(running.getStore(), this)) {
      return Promise.reject(
        new PermanentError("inside a savepoint's body use the handle that it was given", {
          code: 'WRONG_HANDLE',
        }),
      );
    }
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** The first failure decides; the promise counts as heard, so that an ignored one cannot end the process. */
  readonly adopt = <T>(promise: Promise<T>): Promise<T> => {
    const heard = promise.then(
      () => undefined,
      (error: unknown) => {
        this.#failure ??= { error };
      },
    );
    this.#tail = this.#tail.then(() => heard);
    return promise;
  };

  run<T>(body: () => Promise<T>): Promise<T> {
    return running.run(this, body);
  }

  /** Takes no more statements; resolves when those in line have ended. */
  async end(): Promise<void> {
    this.#open = false;
    await this.#tail;
  }
}

const running = new AsyncLocalStorage<Scope>();

/** Refuses what would wait for itself: a body holds its session and waits for a statement that needs one. */
export function refuseInsideBody(owner: object): void {
  for (let scope = running.getStore(); scope !== undefined; scope = scope.parent) {
    if (scope.open && scope.owner === owner) {
      throw new PermanentError(
        'inside a transaction use the handle that its body was given; work beside it needs a Database of its own',
        { code: 'WRONG_HANDLE' },
      );
    }
  }
}

function isInside(scope: Scope | undefined, outer: Scope): boolean {
  for (let at = scope; at !== undefined && at !== outer; at = at.parent) {
    if (at.open && at.parent === outer) return true;
  }
  return false;
}
