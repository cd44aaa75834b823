import type { Socket } from 'node:net';
import { connectionError, endsSession, isServerError, reconnects } from './failure.ts';
import { hearLastWords } from './last-words.ts';
import type { Reply, Statement } from './statement.ts';

/** The driver, bound to one connection and unable to make another. */
export interface Driver {
  query(statement: Statement): Promise<Reply>;
  end(): Promise<void>;
}

/**
 * One connection for as long as it lives, never a second one under the same name: statements that belong to a
 * dead connection have nowhere else to go. One statement at a time; whoever holds the session sees to that.
 */
export class Session {
  readonly #driver: Driver;
  readonly #socket: Socket;
  readonly #limitMs: number;
  readonly #lastWords: () => Error | undefined;
  readonly #watchers = new Set<(loss: Error) => void>();
  #loss: Error | undefined;
  #spent = false;
  #statements = 0;

  constructor(driver: Driver, socket: Socket, statementSeconds: number) {
    this.#driver = driver;
    this.#socket = socket;
    this.#limitMs = statementSeconds * 1000;
    this.#lastWords = hearLastWords(socket);
    let reason = connectionError('CONNECTION_CLOSED', 'the server closed the connection');
    // Ahead of the driver's own listeners, so that no statement starts between its news and ours.
    socket.prependListener('error', (error) => {
      reason = error;
    });
    socket.prependListener('close', () => this.lose(reason));
  }

  /** Why the connection is gone, once it is. */
  get loss(): Error | undefined {
    return this.#loss;
  }

  /** Whether another statement may be given to it. */
  get usable(): boolean {
    return this.#loss === undefined && !this.#spent;
  }

  /** Whether only the statement that opened it has run. */
  get fresh(): boolean {
    return this.#statements <= 1;
  }

  /** Not to be pooled again: its state may differ from a new session's. */
  spend(): void {
    this.#spent = true;
  }

  /** Calls back once, at once when already lost. Returns how to stop listening. */
  onLoss(watcher: (loss: Error) => void): () => void {
    if (this.#loss !== undefined) watcher(this.#loss);
    else this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Settles in every case: with the reply, the server's error, or the loss of the connection. */
  run(statement: Statement): Promise<Reply> {
    this.#statements += 1;
    return new Promise((resolve, reject) => {
      const stop = this.onLoss(reject);
      if (this.#loss !== undefined) return;
      const limit = this.#limitMs === 0 ? undefined : setTimeout(() => this.#giveUp(), this.#limitMs);
      const settled = () => {
        clearTimeout(limit);
        stop();
      };
      this.#driver.query(statement).then(
        (reply) => {
          settled();
          resolve(reply);
        },
        (error) => {
          settled();
          if (endsSession(error)) this.lose(error);
          if (reconnects(error)) this.spend();
          reject(endsSession(error) ? this.#loss : error);
        },
      );
    });
  }

  lose(error: Error): void {
    if (this.#loss !== undefined) return;
    const loss = isServerError(error) ? error : (this.#lastWords() ?? error);
    this.#loss = loss;
    this.#socket.destroy();
    for (const watcher of [...this.#watchers]) watcher(loss);
    this.#watchers.clear();
  }

  /** Says goodbye to the server, and does not wait for a network that no longer answers. */
  async end(): Promise<void> {
    this.#spent = true;
    if (this.#loss !== undefined) return;
    await this.#driver.end();
    this.lose(connectionError('CONNECTION_ENDED', 'the connection was closed here'));
  }

  #giveUp(): void {
    const seconds = this.#limitMs / 1000;
    this.lose(connectionError('STATEMENT_TIMEOUT', `the server did not answer for ${seconds} s`));
  }
}
