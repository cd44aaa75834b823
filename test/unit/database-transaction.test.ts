import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database, Transaction } from '../../functions/core/database.ts';
import { testDatabase } from '../support/database.ts';

const database = testDatabase({ empty: true });
let subject: Database;

const insert = (sql: Pick<Database, 'sql'>['sql'], name: string) => sql`insert into thing values (${name})`;
const broken = (sql: Transaction) => sql`select 1 / 0`;
const names = async () =>
  (await database.admin.sql(z.strictObject({ name: z.string() }))`select name from thing order by name`).map(
    ({ name }) => name,
  );

beforeEach(async () => {
  await database.admin.script(
    'drop table if exists thing; create table thing (name text unique deferrable initially deferred)',
  );
  subject = database.connect('postgres');
});

describe('a transaction', () => {
  test('gives what its body gives, once it is committed', async () => {
    const seen = await subject.transaction(async (sql) => {
      await insert(sql, 'a');
      await sql.script(`insert into thing values ('b'); insert into thing values ('c')`);
      expect(await names()).toEqual([]);
      return await sql(z.strictObject({ n: z.string() }))`select count(*) as n from thing`;
    });
    expect(seen).toEqual([{ n: '3' }]);
    expect(await names()).toEqual(['a', 'b', 'c']);
  });

  test('has the settings that it was given, whatever they say, and the session does not keep them', async () => {
    const value = `a'; drop table thing; --`;
    await expect(subject.transaction(async () => 'done', { "toy.it's": value })).rejects.toMatchObject({
      code: '42602',
    });
    const within = await subject.transaction(
      async (sql) => sql(z.strictObject({ value: z.string() }))`select current_setting('toy.value') as value`,
      { 'toy.value': value },
    );
    expect(within).toEqual([{ value }]);
    await subject.transaction((sql) => insert(sql, 'after a setting that was refused'));
    const after = await subject.sql(
      z.strictObject({ value: z.string().nullable() }),
    )`select current_setting('toy.value', true) as value`;
    expect(after).toEqual([{ value: '' }]);
    expect(await names()).toEqual(['after a setting that was refused']);
  });

  test('is undone by what its body throws, which the caller gets as it is', async () => {
    const error = new Error('no');
    await expect(
      subject.transaction(async (sql) => {
        await insert(sql, 'a');
        throw error;
      }),
    ).rejects.toBe(error);
    await expect(
      subject.transaction(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    expect(await names()).toEqual([]);
  });

  test('runs what it was given without being awaited, and fails with it', async () => {
    await subject.transaction(async (sql) => {
      void insert(sql, 'a');
      void insert(sql, 'b');
    });
    expect(await names()).toEqual(['a', 'b']);
    const failing = subject.transaction(async (sql) => {
      void insert(sql, 'c');
      void broken(sql);
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect(await names()).toEqual(['a', 'b']);
  });

  test('fails with a failure that its body ignored, and says the first, not its echo', async () => {
    const ignored = subject.transaction((sql) => broken(sql).catch(() => 0));
    await expect(ignored).rejects.toMatchObject({ code: '22012' });
    const echoed = subject.transaction(async (sql) => {
      await broken(sql).catch(() => 0);
      await insert(sql, 'a');
    });
    await expect(echoed).rejects.toMatchObject({ code: '22012' });
    const shape = subject.transaction((sql) =>
      sql(z.strictObject({ n: z.string() }))`select 1 as n`.catch(() => []),
    );
    await expect(shape).rejects.toMatchObject({ code: 'ROW_SHAPE' });
  });

  test('stays retryable when its body wrapped the reason', async () => {
    const wrapped = subject.transaction((sql) =>
      sql
        .script(`do $$ begin raise exception 'x' using errcode = '40001'; end $$`)
        .catch((cause: unknown) => {
          throw new Error('could not do it', { cause });
        }),
    );
    await expect(wrapped).rejects.toMatchObject({
      name: 'RetryableError',
      code: '40001',
      message: expect.stringMatching(/^could not do it: x \(40001/),
      cause: { message: 'could not do it' },
    });
  });

  test('that COMMIT itself refuses is permanently so, and not in doubt', async () => {
    const twice = subject.transaction(async (sql) => {
      await insert(sql, 'a');
      await insert(sql, 'a');
    });
    await expect(twice).rejects.toMatchObject({ name: 'PermanentError', code: '23505' });
    expect(await names()).toEqual([]);
  });

  test('ends its handle', async () => {
    const leaked = await subject.transaction(async (sql) => ({ sql }));
    for (const use of [
      insert(leaked.sql, 'late'),
      leaked.sql(z.unknown())`select 1`,
      leaked.sql.script('select 1'),
      leaked.sql.savepoint(async () => 1),
    ]) {
      await expect(use).rejects.toMatchObject({ code: 'HANDLE_LEAKED' });
    }
    expect(await names()).toEqual([]);
  });

  test.each([1, 5])(
    'refuses statements beside its handle from inside its body, with %i connection(s)',
    async (max) => {
      subject = database.connect('postgres', { max });
      const refused = { code: 'WRONG_HANDLE' };
      await subject.transaction(async (sql) => {
        await expect(insert(subject.sql, 'a')).rejects.toMatchObject(refused);
        await expect(subject.transaction(async () => 1)).rejects.toMatchObject(refused);
        await expect(subject.script('select 1')).rejects.toMatchObject(refused);
        await insert(sql, 'b');
        await insert(database.admin.sql, 'another database object');
      });
      await insert(subject.sql, 'after');
      expect(await names()).toEqual(['after', 'another database object', 'b']);
    },
  );

  test('waits for its turn', async () => {
    const order: string[] = [];
    await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        subject.transaction(async (sql) => {
          order.push(`${name} begins`);
          await insert(sql, name);
          order.push(`${name} ends`);
        }),
      ),
    );
    expect(order).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });
});

describe('a savepoint', () => {
  test('is undone alone when its body throws', async () => {
    await subject.transaction(async (sql) => {
      await insert(sql, 'a');
      await expect(
        sql.savepoint(async (inner) => {
          await insert(inner, 'b');
          await broken(inner);
        }),
      ).rejects.toMatchObject({ code: '22012' });
      expect(
        await sql.savepoint(async (inner) => {
          await insert(inner, 'c');
          await inner
            .savepoint(async (innermost) => {
              await insert(innermost, 'd');
              throw new Error('no');
            })
            .catch(() => 0);
          return 'kept';
        }),
      ).toBe('kept');
    });
    expect(await names()).toEqual(['a', 'c']);
  });

  test('fails with a failure that its body ignored', async () => {
    await subject.transaction(async (sql) => {
      await expect(sql.savepoint((inner) => broken(inner).catch(() => 0))).rejects.toMatchObject({
        code: '22012',
      });
      await insert(sql, 'a');
    });
    expect(await names()).toEqual(['a']);
  });

  test('waits for the one before it, and holds back what comes after', async () => {
    await subject.transaction(async (sql) => {
      const first = sql.savepoint(async (inner) => {
        await insert(inner, 'a');
        throw new Error('no');
      });
      const second = sql.savepoint((inner) => insert(inner, 'b'));
      const third = insert(sql, 'c');
      await expect(first).rejects.toThrow('no');
      await Promise.all([second, third]);
    });
    expect(await names()).toEqual(['b', 'c']);
  });

  test('refuses the outer handle inside its body, which would wait for itself', async () => {
    await subject
      .transaction(async (sql) => {
        await sql.savepoint(async () => {
          await expect(insert(sql, 'a')).rejects.toMatchObject({ code: 'WRONG_HANDLE' });
        });
      })
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'WRONG_HANDLE' }));
    expect(await names()).toEqual([]);
  });

  test('ends its handle', async () => {
    const use = subject.transaction(async (sql) => {
      const leaked = await sql.savepoint(async (inner) => ({ sql: inner }));
      await leaked.sql.script('select 1');
    });
    await expect(use).rejects.toMatchObject({ code: 'HANDLE_LEAKED' });
  });
});
