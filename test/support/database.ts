/** A database of its own for a test file or a describe block. */
import { afterAll, beforeAll, inject } from 'vitest';
import * as z from 'zod';
import { type ConnectOptions, connect, type Database } from '../../functions/core/database.ts';
import type { PostgresVersion } from '../../infra/local/postgres/binaries.ts';

export { goldenDirectory, sqlDirectory } from './database-server.ts';

/** For describe.each: nothing may need more than the oldest. */
export const versions: readonly PostgresVersion[] = [15, 18];

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
  const version = options.version ?? 18;
  const opened: Database[] = [];
  let made: URL | undefined;
  const url = (role: Role = 'postgres') => {
    if (made === undefined) throw new Error('the test database exists from the first beforeAll on');
    const copy = new URL(made);
    copy.username = role;
    return copy.href;
  };
  let admin: Database | undefined;
  const open = (role: Role, more: ConnectOptions = {}) => {
    const database = connect({ ...more, url: url(role) });
    opened.push(database);
    return database;
  };
  const name = () => new URL(url()).pathname.slice(1);

  beforeAll(async () => {
    const content = options.empty === true ? 'empty' : options.golden === true ? 'golden' : 'migrated';
    const answer = await ask('POST', { version, content }, z.strictObject({ url: z.url() }));
    made = new URL(answer.url);
  });

  afterAll(async () => {
    if (made === undefined) return;
    await Promise.all(opened.map((database) => database.close()));
    const { leaked } = await ask(
      'DELETE',
      { version, name: name() },
      z.strictObject({ leaked: z.array(z.string()) }),
    );
    if (leaked.length > 0) throw new Error(`connections left open: ${leaked.join('; ')}`);
  });

  return {
    get name() {
      return name();
    },
    get admin() {
      admin ??= open('postgres');
      return admin;
    },
    url,
    connect: open,
  };
}

async function ask<S extends z.ZodType>(method: string, body: unknown, answer: S): Promise<z.output<S>> {
  const response = await fetch(inject('databaseServer'), { method, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`the test databases' server: ${text}`);
  return answer.parse(JSON.parse(text));
}
