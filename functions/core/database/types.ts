import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type * as z from 'zod';
import type { Json } from './statement.ts';

export type SqlScalar = string | number | bigint | boolean | null;

/**
 * What may stand in a `${}`. It travels as untyped text: the SQL gives it its type by context or by a cast,
 * `${limit}::int`, `${ids}::uuid[]`. A Date is refused on purpose: dates are ISO strings.
 */
export type SqlValue = SqlScalar | Json | readonly SqlScalar[];

export type RowsTag<S extends z.ZodType> = (
  strings: TemplateStringsArray,
  ...values: SqlValue[]
) => Promise<z.output<S>[]>;

/**
 * Every call starts its statement at once and returns the promise of its end. Errors are CuadreErrors: Permanent or
 * Retryable by PostgreSQL's SQLSTATE (its code); outside a transaction a statement that may write (anything but a plain
 * read; also a select that calls a function of a schema) and loses its connection in flight is a LostError: it may have been done.
 */
export interface Sql {
  /** The rows, each parsed by the schema; a row that does not match is a PermanentError (ROW_SHAPE). */
  <S extends z.ZodType>(row: S): RowsTag<S>;
  /** A statement for its effect; resolves to the number of rows that its outermost command touched. */
  (strings: TemplateStringsArray, ...values: SqlValue[]): Promise<number>;
}

/** Whole rows of a COPY, as many as had arrived; they are the reader's to keep. */
export interface CopiedRows {
  readonly bytes: Buffer;
  readonly rows: number;
  /**
   * Once the bytes are no longer needed, which are then gone. Not necessary, but they are of a kind that V8 counts late: a
   * reader of many megabytes had 45 of them waiting to be collected.
   */
  giveBack(): void;
}

/**
 * How a COPY's rows are taken off the socket: `withLf` or `withCrlf`. Handed in by whoever copies, so that the functions that
 * never do need not carry it: 3 KB of the 200 that one which reads may have.
 */
export type RowsOnWire = (socket: Socket, beside: (bytes: Buffer) => void) => WireRows;

export interface WireRows {
  /** @param stream what the driver made of the COPY: without rows, but with its end and its error */
  endWith(stream: Readable): void;
  next(): Promise<IteratorResult<CopiedRows, undefined>>;
  /** Gives the socket back to the driver. */
  release(): void;
}

/** The handle given to a transaction's body; refused once the body has ended. */
export type Transaction = Sql & {
  /** Several statements in one text, without parameters or rows. */
  script(text: string): Promise<void>;
  /**
   * The rows of a `COPY (...) TO STDOUT` in a text format, as they are read, without an object ever being made of one. The
   * text has no parameters. No other statement of this handle may run inside `consume`; what it leaves
   * unread is read and dropped.
   */
  copy<T>(
    text: string,
    rows: RowsOnWire,
    consume: (rows: AsyncIterable<CopiedRows>) => Promise<T>,
  ): Promise<T>;
  /** Rolls back to where it began when its body throws, and throws that error again. */
  savepoint<T>(body: (sql: Transaction) => Promise<T>): Promise<T>;
};

/** Name -> value. */
export type Settings = Readonly<Record<string, string>>;

export interface Database {
  readonly sql: Sql;
  /**
   * Begins, runs the body and commits. Rejects with RetryableError when nothing was committed and another
   * attempt may succeed, with LostError when the connection died during COMMIT and nobody can tell.
   * @param settings of the server, for the time of the transaction: `{ 'cuadre.as_of': '2026-01-13' }`. They go with the BEGIN.
   * @param snapshot of another transaction that is still open, by `pg_export_snapshot()`: this one reads exactly what that
   * one does, and only reads
   */
  transaction<T>(body: (sql: Transaction) => Promise<T>, settings?: Settings, snapshot?: string): Promise<T>;
  /** Several statements in one text; on a session of its own, so that a SET in it ends with it. */
  script(text: string): Promise<void>;
  /**
   * The first call of an invocation: a connection lost while the environment was frozen is replaced here.
   * @param silentForMs asked only when none was in order so lately; 0, the default, asks always
   */
  wake(silentForMs?: number): Promise<void>;
  /** Waits for the statements under way, then closes every connection. */
  close(): Promise<void>;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Asked before each new connection, and again with `refused` true after the server said no to the last one. */
export type PasswordSource = (refused: boolean) => Promise<string | Login>;

export interface ConnectOptions {
  /** postgres://user:password@host:port/database?sslmode=disable; the fields below win over it. */
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly database?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | PasswordSource | undefined;
  /** Connections at once. One is right for a function: it answers one caller at a time. */
  readonly max?: number | undefined;
  /** Named prepared statements; false behind a pooler that cannot keep them. */
  readonly prepare?: boolean | undefined;
  readonly applicationName?: string | undefined;
  /** A connection idle for longer is closed, or not used again when the process was frozen meanwhile. */
  readonly idleTimeoutSeconds?: number | undefined;
  /** From the first packet to the server's readiness. */
  readonly connectTimeoutSeconds?: number | undefined;
  /** Gives a statement up, with its connection; for networks that swallow packets. 0: no limit. */
  readonly statementTimeoutSeconds?: number | undefined;
  /** Default: none to a loopback host, verified to any other. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** PostgreSQL's notices; unheard by default. */
  readonly onNotice?: ((notice: Readonly<Record<string, string>>) => void) | undefined;
}
