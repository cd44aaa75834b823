/** A database of its own for a test file, a describe block, or a single test. */
import { afterAll, beforeAll, inject, onTestFinished } from 'vitest';
import * as z from 'zod';
import { type ConnectOptions, connect, type Database } from '../../functions/core/database.ts';
import type { PostgresVersion } from '../../infra/local/postgres/binaries.ts';

export { goldenDirectory, sqlDirectory } from './database-server.ts';

/** For describe.each: nothing may need more than the oldest. */
export const versions: readonly PostgresVersion[] = [15, 18];

/** For whole nights, and for many cases of one statement: one of the two, as what they stand on is tested on both. */
export const oldest: readonly PostgresVersion[] = [15];
export const newest: readonly PostgresVersion[] = [18];

export type Role = 'postgres' | 'cuadre_jobs' | 'cuadre_operator' | 'cuadre_reader';

export interface TestDatabaseOptions {
  /** 18 unless given. */
  readonly version?: PostgresVersion;
  /** Nothing in it, not even the schema. */
  readonly empty?: boolean;
  /** With the rows of the golden data set. */
  readonly golden?: boolean;
}

export interface TestDatabase {
  readonly name: string;
  /** The superuser's connection. */
  readonly admin: Database;
  /** Connection URL; the superuser unless a role is named. */
  url(role?: Role): string;
  /** Another connection, closed with the database. */
  connect(role: Role, options?: ConnectOptions): Database;
}

/**
 * Call it while tests are being described, not inside a hook or a test: it makes the database before the block's
 * first test and drops it after the last one, which fails when somebody left a connection open.
 */
export function testDatabase(options: TestDatabaseOptions = {}): TestDatabase {
  const made = new MadeDatabase(options);
  beforeAll(() => made.make());
  afterAll(() => made.drop());
  return made;
}

/** The same inside one test. */
export async function ownDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const made = new MadeDatabase(options);
  onTestFinished(() => made.drop());
  await made.make();
  return made;
}

class MadeDatabase implements TestDatabase {
  readonly #options: TestDatabaseOptions;
  readonly #opened: Database[] = [];
  #made: string | undefined;
  #admin: Database | undefined;

  constructor(options: TestDatabaseOptions) {
    this.#options = options;
  }

  get name(): string {
    return new URL(this.url()).pathname.slice(1);
  }

  get admin(): Database {
    this.#admin ??= this.connect('postgres');
    return this.#admin;
  }

  url(role: Role = 'postgres'): string {
    if (this.#made === undefined) throw new Error('the test database exists from the first beforeAll on');
    const url = new URL(this.#made);
    url.username = role;
    return url.href;
  }

  connect(role: Role, options: ConnectOptions = {}): Database {
    const database = connect({ ...options, url: this.url(role) });
    this.#opened.push(database);
    return database;
  }

  async make(): Promise<void> {
    const { empty, golden } = this.#options;
    const content = empty === true ? 'empty' : golden === true ? 'golden' : 'migrated';
    this.#made = (
      await ask('POST', { version: this.#version, content }, z.strictObject({ url: z.url() }))
    ).url;
  }

  async drop(): Promise<void> {
    if (this.#made === undefined) return;
    await Promise.all(this.#opened.map((database) => database.close()));
    const answer = z.strictObject({ leaked: z.array(z.string()) });
    const { leaked } = await ask('DELETE', { version: this.#version, name: this.name }, answer);
    if (leaked.length > 0) throw new Error(`connections left open: ${leaked.join('; ')}`);
  }

  get #version(): PostgresVersion {
    return this.#options.version ?? 18;
  }
}

async function ask<S extends z.ZodType>(method: string, body: unknown, answer: S): Promise<z.output<S>> {
  const response = await fetch(inject('databaseServer'), { method, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`the test databases' server: ${text}`);
  return answer.parse(JSON.parse(text));
}
