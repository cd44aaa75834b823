import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';
import { RetryableError } from '../../functions/core/errors.ts';
import { migrate } from '../../functions/core/migrate.ts';
import { ownDatabase, versions } from '../support/database.ts';
import { makeSqlDirectory, objectFile, type SqlDirectory } from '../support/sql-directory.ts';

const base = {
  'migrations/0002_things.sql':
    "create table ops.things (id int primary key, name text);\ninsert into ops.things values (1, 'one');",
  'core/v_base.sql': objectFile(
    'ops.things',
    'create or replace view ops.v_base as select id, name from ops.things',
  ),
  'core/v_middle.sql': objectFile(
    'ops.v_base',
    'create or replace view ops.v_middle as select id from ops.v_base',
  ),
  'core/v_top.sql': objectFile(
    'ops.v_middle',
    'create or replace view ops.v_top as select id from ops.v_middle',
  ),
  'core/v_other.sql': objectFile(
    'ops.things',
    'create or replace view ops.v_other as select id from ops.things',
  ),
};

describe.each(versions)('repeatable objects on PostgreSQL %i', (version) => {
  async function start(more: Readonly<Record<string, string>> = {}) {
    const database = await ownDatabase({ version, empty: true });
    const sql = await makeSqlDirectory({ ...base, ...more });
    await migrate(database.admin, sql.path);
    return { database, admin: database.admin, sql };
  }

  const oid = async (admin: Database, name: string) => {
    const [row] = await admin.sql(
      z.strictObject({ oid: z.number().nullable() }),
    )`select to_regclass(${name})::oid as oid`;
    return row?.oid;
  };

  const change = async (admin: Database, sql: SqlDirectory, files: Readonly<Record<string, string>>) => {
    await sql.write(files);
    return migrate(admin, sql.path);
  };

  test('a changed text is replaced in place, with what stands on it, and nothing else is touched', async () => {
    const { admin, sql } = await start();
    const before = await oid(admin, 'ops.v_middle');
    const report = await change(admin, sql, {
      'core/v_middle.sql': objectFile(
        'ops.v_base',
        'create or replace view ops.v_middle as select id from ops.v_base where id > 0',
      ),
    });
    expect(report).toMatchObject({ objects: ['ops.v_middle', 'ops.v_top'], dropped: [] });
    expect(await oid(admin, 'ops.v_middle')).toBe(before);
    expect(await migrate(admin, sql.path)).toMatchObject({ objects: [], dropped: [] });
  });

  test('a view whose shape changed is made anew, with what stands on it and its grants', async () => {
    const grants = objectFile(
      'ops.v_base, ops.v_top',
      'grant select on ops.v_base, ops.v_top to cuadre_reader',
    );
    const { database, admin, sql } = await start({ 'core/grants.sql': grants });
    const reader = database.connect('cuadre_reader');
    await reader.sql`select id from ops.v_top`;
    const report = await change(admin, sql, {
      'core/v_base.sql': objectFile(
        'ops.things',
        "create or replace view ops.v_base as select 'x'::text as name, id from ops.things",
      ),
    });
    expect(report.objects).toEqual(['ops.v_base', 'ops.v_middle', 'ops.v_top', 'core/grants']);
    await expect(reader.sql`select name from ops.v_base`).resolves.toBe(1);
    await expect(reader.sql`select id from ops.v_top`).resolves.toBe(1);
  });

  test('a materialized view keeps its rows until its own text or the shape below it changes', async () => {
    const { admin, sql } = await start({
      'core/mv.sql': objectFile(
        'ops.v_base',
        'create materialized view ops.mv as select count(*)::int as n from ops.v_base',
      ),
    });
    const rows = () => admin.sql(z.strictObject({ n: z.int() }))`select n from ops.mv`;
    await admin.script("insert into ops.things values (2, 'two')");
    const same = objectFile(
      'ops.things',
      'create or replace view ops.v_base as select id, name from ops.things where true',
    );
    expect((await change(admin, sql, { 'core/v_base.sql': same })).objects).not.toContain('ops.mv');
    expect(await rows()).toEqual([{ n: 1 }]);
    const other = objectFile('ops.things', 'create or replace view ops.v_base as select id from ops.things');
    expect((await change(admin, sql, { 'core/v_base.sql': other })).objects).toContain('ops.mv');
    expect(await rows()).toEqual([{ n: 2 }]);
    const own = objectFile(
      'ops.v_base',
      'create materialized view ops.mv as select count(*)::int + 10 as n from ops.v_base',
    );
    expect((await change(admin, sql, { 'core/mv.sql': own })).objects).toEqual(['ops.mv']);
    expect(await rows()).toEqual([{ n: 12 }]);
  });

  test('a function with other parameters or another result leaves no twin', async () => {
    const { admin, sql } = await start({
      'core/f.sql': objectFile(
        'none',
        'create or replace function ops.f(a int) returns int language sql return a',
      ),
      'core/v_f.sql': objectFile('ops.f', 'create or replace view ops.v_f as select ops.f(1) as n'),
    });
    await change(admin, sql, {
      'core/f.sql': objectFile(
        'none',
        'create or replace function ops.f(a int, b int) returns text language sql return a::text || b',
      ),
      'core/v_f.sql': objectFile('ops.f', 'create or replace view ops.v_f as select ops.f(1, 2) as n'),
    });
    const found = await admin.sql(z.strictObject({ n: z.string(), twins: z.string() }))`
      select n, (select count(*) from pg_proc where proname = 'f') as twins from ops.v_f`;
    expect(found).toEqual([{ n: '12', twins: '1' }]);
  });

  test('a function that a trigger uses is replaced where it stands', async () => {
    const trigger = (body: string) =>
      objectFile(
        'ops.v_base',
        `create or replace function ops.t() returns trigger language plpgsql as $$ begin ${body} return new; end $$`,
      );
    const { admin, sql } = await start({ 'core/t.sql': trigger('') });
    await admin.script('create trigger t before insert on ops.things for each row execute function ops.t()');
    const report = await change(admin, sql, {
      'core/v_base.sql': objectFile(
        'ops.things',
        'create or replace view ops.v_base as select id from ops.things',
      ),
      'core/t.sql': trigger("new.name := 'replaced';"),
    });
    expect(report.objects).toContain('ops.t');
    await admin.script('insert into ops.things values (2)');
    const rows = await admin.sql(
      z.strictObject({ name: z.string() }),
    )`select name from ops.things where id = 2`;
    expect(rows).toEqual([{ name: 'replaced' }]);
  });

  test('what has no file any more is dropped, also when something took its name under another kind', async () => {
    const { admin, sql } = await start();
    for (const file of ['core/v_middle.sql', 'core/v_top.sql', 'core/v_other.sql']) await sql.remove(file);
    await sql.write({
      'core/v_other.sql': objectFile('ops.things', 'create materialized view ops.v_other as select 1 as n'),
    });
    expect(await migrate(admin, sql.path)).toMatchObject({
      objects: ['ops.v_other'],
      dropped: ['ops.v_middle', 'ops.v_top'],
    });
    expect([await oid(admin, 'ops.v_middle'), await oid(admin, 'ops.v_top')]).toEqual([null, null]);
    const kinds = await admin.sql(z.strictObject({ kind: z.string() }))`
      select relkind as kind from pg_class where oid = 'ops.v_other'::regclass`;
    expect(kinds).toEqual([{ kind: 'm' }]);
  });

  test('what a migration dropped to change a table comes back', async () => {
    const { admin, sql } = await start();
    const report = await change(admin, sql, {
      'migrations/0003_wider.sql':
        'drop view ops.v_base, ops.v_other cascade;\nalter table ops.things alter column id type bigint;',
    });
    expect(report.objects).toEqual(['ops.v_base', 'ops.v_middle', 'ops.v_other', 'ops.v_top']);
    await expect(admin.sql`select id from ops.v_top`).resolves.toBe(1);
  });

  test('an undeclared dependent is named, and nothing has changed', async () => {
    const { admin, sql } = await start({
      'core/v_secret.sql': objectFile(
        'none',
        'create or replace view ops.v_secret as select name from ops.v_other2',
      ),
      'core/v_other2.sql': objectFile(
        'ops.things',
        'create or replace view ops.v_other2 as select name from ops.things',
      ),
    });
    await sql.write({
      'core/v_other2.sql': objectFile(
        'ops.things',
        'create or replace view ops.v_other2 as select id from ops.things',
      ),
    });
    await expect(migrate(admin, sql.path)).rejects.toThrow(
      /^sql\/core\/v_other2\.sql could not be applied: cannot drop view ops\.v_other2 because other objects depend on it; view ops\.v_secret depends on view ops\.v_other2/,
    );
    await expect(admin.sql`select name from ops.v_secret`).resolves.toBe(1);
  });

  test('a mistake is named with its file and line, and every object stays as it was', async () => {
    const { admin, sql } = await start();
    await sql.write({
      'core/v_base.sql': objectFile(
        'ops.things',
        'create or replace view ops.v_base as\nselect id, name\nfrom ops.things where true',
      ),
      'core/v_top.sql': objectFile(
        'ops.v_middle',
        'create or replace view ops.v_top as\nselect id\nfrom ops.nowhere',
      ),
    });
    await expect(migrate(admin, sql.path)).rejects.toThrow(
      'sql/core/v_top.sql:5 could not be applied: relation "ops.nowhere" does not exist',
    );
    const rows = await admin.sql(z.strictObject({ definition: z.string() }))`
      select pg_get_viewdef('ops.v_base'::regclass) as definition`;
    expect(rows[0]?.definition).not.toContain('true');
  });

  test('an object that somebody holds is waited for, not for ever, and then it is worth another attempt', async () => {
    const { database, admin, sql } = await start();
    await admin.script(`alter database ${database.name} set lock_timeout = '50ms'`);
    const holder = database.connect('postgres');
    const other = database.connect('postgres');
    await holder.transaction(async (held) => {
      await held`lock table ops.v_other in access share mode`;
      await sql.write({
        'core/v_other.sql': objectFile(
          'ops.things',
          'create or replace view ops.v_other as select id from ops.things where true',
        ),
      });
      const refusal = await migrate(other, sql.path).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(RetryableError);
      expect(refusal).toMatchObject({
        code: '55P03',
        message: expect.stringContaining('sql/core/v_other.sql could not be applied now'),
      });
    });
    expect((await migrate(other, sql.path)).objects).toEqual(['ops.v_other']);
  });

  test('a requirement that nothing fulfils is refused with the file that has it', async () => {
    const { admin, sql } = await start();
    await sql.remove('core/v_other.sql');
    await sql.write({
      'core/v_top.sql': objectFile(
        'ops.v_middle, ops.v_other, canon.nowhere',
        'create view ops.v_top as select 1',
      ),
    });
    await expect(migrate(admin, sql.path)).rejects.toThrow(
      'sql/core/v_top.sql requires ops.v_other; sql/core/v_top.sql requires canon.nowhere: no file creates it',
    );
  });
});
