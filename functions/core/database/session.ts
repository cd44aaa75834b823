import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { asError, connectionError, endsSession, isServerError, reconnects } from './failure.ts';
import { LastWords } from './last-words.ts';
import { command, type Reply, type Statement } from './statement.ts';
import type { CopiedRows, RowsOnWire } from './types.ts';

/** The driver, bound to one connection and unable to make another. */
export interface Driver {
  query(statement: Statement): Promise<Reply>;
  /** Begins a `COPY ... TO STDOUT`, whose rows go past the driver; the stream has its end and its error. */
  copy(text: string): Promise<Readable>;
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
  readonly #lastWords: LastWords;
  readonly #watchers = new Set<(loss: Error) => void>();
  #loss: Error | undefined;
  #spent = false;
  #statements = 0;

  constructor(driver: Driver, socket: Socket, statementSeconds: number) {
    this.#driver = driver;
    this.#socket = socket;
    this.#limitMs = statementSeconds * 1000;
    this.#lastWords = new LastWords(socket);
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

  /**
   * Hands the rows of the COPY to `consume`, and reads what that leaves over: the session then speaks of something
   * else again. Settles in every case: with what `consume` makes of it, with its error, the server's, or the loss.
   * @param typed what an error of the server or of the connection becomes
   */
  async copy<T>(
    text: string,
    onWire: RowsOnWire,
    consume: (rows: AsyncIterable<CopiedRows>) => Promise<T>,
    typed: (error: unknown) => Error,
  ): Promise<T> {
    this.#statements += 1;
    // Not a race against one promise of the loss: that would remember every piece until the end.
    let fail: (error: Error) => void = () => {};
    const orLost = <R>(work: Promise<R>): Promise<R> =>
      new Promise((resolve, reject) => {
        fail = reject;
        if (this.#loss !== undefined) reject(typed(this.#loss));
        work.then(resolve, (error: unknown) => reject(this.#failedCopy(error, typed)));
      });
    const stop = this.onLoss((loss) => fail(typed(loss)));
    const limit = this.#limitMs === 0 ? undefined : setTimeout(() => this.#giveUp(), this.#limitMs);
    try {
      // A setting of the server's that changed while nobody asked may be what it last said. An answer comes after it.
      if (!this.#lastWords.endAnAnswer()) await orLost(this.#driver.query(command('')));
      const rows = onWire(this.#socket, this.#lastWords.hear);
      try {
        rows.endWith(await orLost(this.#driver.copy(text)));
        // Without `return`: whoever stops reading leaves the rest to be read here.
        const source = { [Symbol.asyncIterator]: () => ({ next: () => orLost(rows.next()) }) };
        try {
          return await consume(source);
        } finally {
          for await (const _unread of source);
        }
      } finally {
        rows.release();
      }
    } finally {
      clearTimeout(limit);
      stop();
      // The driver pauses the socket for a reader who is behind. Where the end came with the piece that paused it,
      // nobody reads any more who would have it go on, and the next statement would wait for ever.
      if (this.#loss === undefined) this.#socket.resume();
    }
  }

  #failedCopy(error: unknown, typed: (error: unknown) => Error): Error {
    if (endsSession(error)) this.lose(asError(error));
    return typed(error);
  }

  lose(error: Error): void {
    if (this.#loss !== undefined) return;
    const loss = isServerError(error) ? error : (this.#lastWords.fatal() ?? error);
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
