/** A statement that is its own transaction and whose answer never comes: what its caller may conclude. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { connect, type Database, type Sql } from '../../functions/core/database.ts';
import { testDatabase } from '../support/database.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const database = testDatabase({ empty: true });
let proxy: TcpProxy;
let subject: Database;

beforeAll(() =>
  database.admin.script(`
    create table thing (name text not null);
    create schema toy;
    create function toy.add(p_name text) returns integer language sql as $$ insert into public.thing values (p_name) returning 1 $$;
    create function toy.count() returns bigint language sql stable as $$ select count(*) from public.thing $$;
    create view toy.things as select name, length(name) as size from public.thing;`),
);
beforeEach(async () => {
  const url = new URL(database.url());
  proxy = await startTcpProxy({ host: url.hostname, port: Number(url.port) });
  subject = connect({ url: proxy.url(database.url()), max: 1 });
  await database.admin.sql`truncate thing`;
});
afterEach(async () => {
  await subject.close();
  await proxy.stop();
});

const names = async () =>
  (await database.admin.sql(z.strictObject({ name: z.string() }))`select name from thing`).map(
    ({ name }) => name,
  );

const any = z.looseObject({});
const said = ['heard', 'lost'];

describe('an answer that is lost', () => {
  /** The first time prepares the statement, so that the server's only word of the second comes after its commit. */
  async function lost(statement: (sql: Sql, name: string) => Promise<unknown>): Promise<unknown> {
    await statement(subject.sql, 'heard');
    proxy.rule = ({ from }) => (from === 'server' ? 'reset' : 'pass');
    return statement(subject.sql, 'lost').then(
      () => 'no error',
      (error: unknown) => error,
    );
  }

  test.each<[string, (sql: Sql, name: string) => Promise<unknown>]>([
    ['an insert', (sql, name) => sql`insert into thing values (${name})`],
    ['a select of a function', (sql, name) => sql(any)`select toy.add(${name})`],
    ['a select from a function', (sql, name) => sql(any)`select * from toy.add(${name})`],
    ['one in a subquery', (sql, name) => sql(any)`select 1 where (select  toy . add (${name})) = 1`],
    ['one with a quoted name', (sql, name) => sql(any)`select "toy"."add"(${name})`],
  ])('of %s says that it may be done', async (_what, statement) => {
    expect(await lost(statement)).toMatchObject({ name: 'LostError', code: 'COMMIT_UNKNOWN' });
    expect(await names()).toEqual(said);
  });

  test.each<[string, (sql: Sql, name: string) => Promise<unknown>]>([
    [
      'a view',
      (sql, name) =>
        sql(any)`select t.size, count(*) from toy.things t where t.name in (${name}) group by t.size`,
    ],
    ['a table', (sql) => sql`table thing`],
    ['values', (sql, name) => sql(any)`values (${name})`],
    ['a setting', (sql) => sql`show timezone`],
    [
      'a function of PostgreSQL',
      (sql, name) => sql(any)`select lower(${name}), coalesce(t.size, 0) from toy.things t`,
    ],
  ])('of %s says that nothing happened', async (_what, statement) => {
    expect(await lost(statement)).toMatchObject({ name: 'RetryableError' });
  });

  test('of a function that only reads says that it may be done: its text does not tell', async () => {
    expect(await lost((sql) => sql(any)`select toy.count()`)).toMatchObject({ name: 'LostError' });
  });
});
