import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { type Database, json, type Transaction } from '../../functions/core/database.ts';
import { testDatabase, versions } from '../support/database.ts';

describe.each(versions)('values on PostgreSQL %i', (version) => {
  const database = testDatabase({ version, empty: true });

  test('each type comes back as promised', async () => {
    const rows = await database.admin.sql(z.record(z.string(), z.unknown()))`
      select date '2026-01-13' as date, timestamp '2026-01-13 02:00' as timestamp,
             timestamptz '2026-01-13 02:00:00.123456-05' as timestamptz, 12.50 as numeric, count(*) as count,
             9007199254740993 as int8, 7 as int4, 7::int2 as int2, 1.5::float8 as float8, true as boolean,
             '{"a": [1, "x"]}'::jsonb as jsonb, '\\x00ff'::bytea as bytea,
             'c0ffee00-0000-4000-8000-000000000000'::uuid as uuid, null as null, interval '1 day' as interval,
             array['a', null, 'b,c'] as texts, array[1, 2] as ints, array[date '2026-01-13'] as dates,
             array[1.5, 2.50] as numerics, '{}'::int8[] as none, array['{"a":1}'::jsonb] as jsonbs`;
    expect(rows).toEqual([
      {
        date: '2026-01-13',
        timestamp: '2026-01-13 02:00:00',
        timestamptz: '2026-01-13T07:00:00.123456Z',
        numeric: '12.50',
        count: '1',
        int8: '9007199254740993',
        int4: 7,
        int2: 7,
        float8: 1.5,
        boolean: true,
        jsonb: { a: [1, 'x'] },
        bytea: Buffer.from([0, 255]),
        uuid: 'c0ffee00-0000-4000-8000-000000000000',
        null: null,
        interval: '1 day',
        texts: ['a', null, 'b,c'],
        ints: [1, 2],
        dates: ['2026-01-13'],
        numerics: ['1.5', '2.50'],
        none: [],
        jsonbs: [{ a: 1 }],
      },
    ]);
  });

  test('text, arrays and JSON survive the way there and back', async () => {
    // PostgreSQL's text has every character but NUL.
    const text = fc.string({ unit: 'grapheme' }).map((any) => any.replaceAll('\0', ''));
    // zod's records drop the key __proto__.
    const key = text.filter((any) => any !== '__proto__');
    const row = z.strictObject({ t: z.string(), a: z.array(z.string().nullable()), j: z.json() });
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.option(text)),
        fc.dictionary(key, fc.option(text)),
        async (t, a, j) => {
          const back = await database.admin.sql(
            row,
          )`select ${t}::text as t, ${a}::text[] as a, ${json(j)}::jsonb as j`;
          expect(back).toEqual([{ t, a, j: { ...j } }]);
        },
      ),
    );
  });

  test('a parameter that SQL infers is not rewritten on its way', async () => {
    const { sql } = database.admin;
    await sql`create table inferred (b boolean, d date, z timestamptz, j jsonb, n numeric, i int8)`;
    await sql`insert into inferred values
      (${'true'}, ${'2026-01-13'}, ${'2026-01-13 02:00:00.123456-05'}, ${json('text')}, ${'0.10'}, ${9007199254740993n})`;
    expect(await sql(z.looseObject({}))`select * from inferred where j = ${json('text')}`).toEqual([
      {
        b: true,
        d: '2026-01-13',
        z: '2026-01-13T07:00:00.123456Z',
        j: 'text',
        n: '0.10',
        i: '9007199254740993',
      },
    ]);
  });
});

describe('statements', () => {
  const database = testDatabase({ empty: true });
  let subject: Database;
  const connect = (options = {}) => {
    subject = database.connect('postgres', options);
    return subject;
  };
  const pid = z.strictObject({ pid: z.int() }).transform((row) => row.pid);
  const pidOf = (on: Pick<Database, 'sql'>) =>
    on.sql(pid)`select pg_backend_pid() as pid`.then(([one]) => one ?? 0);
  const names = async () =>
    (
      await database.admin.sql(z.strictObject({ name: z.string() }))`select name from thing order by name`
    ).map(({ name }) => name);

  beforeEach(async () => {
    await database.admin.script('create table thing (name text primary key)');
    connect();
  });
  afterEach(async () => {
    await subject.close();
    await database.admin.script('drop table thing cascade');
  });

  test('start without being awaited, in order', async () => {
    const first = subject.sql`insert into thing values ('a')`;
    const second = subject.sql`insert into thing select name || 'b' from thing`;
    expect(await second).toBe(1);
    expect(await first).toBe(1);
    expect(await names()).toEqual(['a', 'ab']);
  });

  test('tell the rows they touched, also as scripts tell none', async () => {
    expect(await subject.sql`insert into thing select n from unnest(${['a', 'b']}::text[]) as n`).toBe(2);
    expect(await subject.sql`update thing set name = name where name = ${'none'}`).toBe(0);
    expect(await subject.sql`create table other ()`).toBe(0);
    expect(await subject.script('drop table other; select 1')).toBeUndefined();
  });

  test.each([
    { state: '40001', error: 'RetryableError' },
    { state: '40P01', error: 'RetryableError' },
    { state: '55P03', error: 'RetryableError' },
    { state: '53300', error: 'RetryableError' },
    { state: '57014', error: 'RetryableError' },
    { state: '08006', error: 'RetryableError' },
    { state: '25006', error: 'RetryableError' },
    { state: '40002', error: 'PermanentError' },
    { state: '22P02', error: 'PermanentError' },
    { state: '23505', error: 'PermanentError' },
    { state: '42P01', error: 'PermanentError' },
    { state: '0A000', error: 'PermanentError' },
    { state: 'P0001', error: 'PermanentError' },
  ])('$state is a $error, alone and in a transaction', async ({ state, error }) => {
    const raise = `do $$ begin raise exception 'as asked' using errcode = '${state}'; end $$`;
    const expected = {
      name: error,
      code: state,
      cause: expect.any(Error),
      message: expect.stringMatching(/^as asked \(/),
    };
    await expect(subject.script(raise)).rejects.toMatchObject(expected);
    await expect(subject.transaction((sql) => sql.script(raise))).rejects.toMatchObject(expected);
    expect(await subject.sql`select 1`).toBe(1);
  });

  test("show PostgreSQL's reason and the statement, not the parameters", async () => {
    await subject.sql`insert into thing values (${'Ana Quispe'})`;
    await expect(subject.sql`insert into thing values (${'Ana Quispe'})`).rejects.toMatchObject({
      message:
        'duplicate key value violates unique constraint "thing_pkey" (23505) in "insert into thing values ($1)"',
    });
  });

  test('that begin or end a transaction are refused, and leave none behind', async () => {
    const refused = { code: 'TRANSACTION_CONTROL' };
    await expect(subject.sql`begin`).rejects.toMatchObject(refused);
    await subject.sql`insert into thing values ('kept')`;
    await expect(subject.transaction((sql) => sql`commit`)).rejects.toMatchObject(refused);
    await expect(subject.transaction((sql) => sql.script('commit; begin'))).rejects.toMatchObject(refused);
    await subject.script('begin; insert into thing values (1)');
    expect(await names()).toEqual(['kept']);
  });

  test('that copy to or from the client are refused', async () => {
    const refused = { name: 'PermanentError', code: 'COPY' };
    await expect(subject.sql`copy thing from stdin`).rejects.toMatchObject(refused);
    await expect(subject.sql`copy thing to stdout`).rejects.toMatchObject(refused);
    expect(await subject.sql`select 1`).toBe(1);
  });

  test.each([true, false])('work with prepare %o', async (prepare) => {
    connect({ prepare });
    const known = async () => {
      for (let n = 0; n < 3; n += 1) await subject.sql`insert into thing values (${`p${n}`})`;
      return await subject.sql`select from pg_prepared_statements where statement like 'insert%'`;
    };
    expect(await known()).toBe(prepare ? 1 : 0);
  });

  test('a view that changed under a prepared statement costs one retryable failure', async () => {
    await database.admin.script(`create view seen as select name from thing`);
    const read = (sql: Transaction) => sql(z.looseObject({}))`select * from seen`;
    await database.admin.sql`insert into thing values ('a')`;
    expect(await subject.transaction(read)).toEqual([{ name: 'a' }]);
    await database.admin.script('create or replace view seen as select name, 1 as more from thing');
    await expect(subject.transaction(read)).rejects.toMatchObject({ name: 'RetryableError', code: '0A000' });
    expect(await subject.transaction(read)).toEqual([{ name: 'a', more: 1 }]);
  });

  test("a connection's settings do not depend on the server's", async () => {
    await database.admin.script(`alter database ${database.name} set timezone = 'America/Lima';
      alter database ${database.name} set datestyle = 'German, DMY'`);
    connect({ applicationName: 'the test' });
    expect(
      await subject.sql(
        z.looseObject({}),
      )`select now() = now()::text::timestamptz as exact, current_date as today,
        current_setting('TimeZone') as zone, current_setting('application_name') as name`,
    ).toEqual([
      { exact: true, today: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), zone: 'UTC', name: 'the test' },
    ]);
  });

  test('notices are heard where asked for', async () => {
    const onNotice = vi.fn();
    await connect({ onNotice }).script(`do $$ begin raise notice 'hear, hear'; end $$`);
    expect(onNotice).toHaveBeenCalledWith(expect.objectContaining({ message: 'hear, hear' }));
  });

  test('a connection is kept between statements, and not after a long pause', async () => {
    const first = await pidOf(subject);
    expect(await pidOf(subject)).toBe(first);
    const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
    expect(await pidOf(subject)).not.toBe(first);
    now.mockRestore();
  });

  test('a connection to a server that has become read-only is not used again', async () => {
    const first = await pidOf(subject);
    const failover = subject.sql`do $$ begin raise exception 'standby' using errcode = '25006'; end $$`;
    await expect(failover).rejects.toMatchObject({ name: 'RetryableError', code: '25006' });
    expect(await pidOf(subject)).not.toBe(first);
  });

  test("a script's connection ends with it", async () => {
    await subject.script('select pg_advisory_lock(2)');
    expect(await database.admin.sql`select pg_advisory_xact_lock(2)`).toBe(1);
  });

  test('an idle connection is closed after its time', async () => {
    connect({ idleTimeoutSeconds: 0.001 });
    await subject.sql`select pg_advisory_lock(1)`;
    // Granted when the session that holds it has ended, and not before.
    expect(await database.admin.sql`select pg_advisory_xact_lock(1)`).toBe(1);
  });

  test('waking replaces what died while nobody looked', async () => {
    const first = await pidOf(subject);
    await database.admin.sql`select pg_terminate_backend(${first}::int, 10000)`;
    await subject.wake();
    expect(await pidOf(subject)).not.toBe(first);
  });

  test('closing waits for what is under way, and ends the rest', async () => {
    const inside = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const slow = subject.transaction(async (sql) => {
      inside.resolve();
      await closed.promise;
      await sql`insert into thing values ('a')`;
    });
    await inside.promise;
    const closing = subject.close();
    await expect(subject.sql`select 1`).rejects.toMatchObject({ code: 'DATABASE_CLOSED' });
    closed.resolve();
    await Promise.all([slow, closing]);
    expect(await names()).toEqual(['a']);
  });
});
