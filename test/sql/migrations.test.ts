import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';
import { migrate } from '../../functions/core/migrate.ts';
import { createUpstream } from '../../infra/local/data/upstream.ts';
import { ownDatabase, sqlDirectory, testDatabase, versions } from '../support/database.ts';
import { makeSqlDirectory } from '../support/sql-directory.ts';

const two = {
  'migrations/0002_things.sql':
    'create table ops.things (id int primary key);\ninsert into ops.things values (1);\n',
  'migrations/0003_more.sql': 'insert into ops.things values (2);\n',
};

async function things(database: Database): Promise<number[]> {
  const rows = await database.sql(z.strictObject({ id: z.int() }))`select id from ops.things order by id`;
  return rows.map(({ id }) => id);
}

describe.each(versions)('numbered migrations on PostgreSQL %i', (version) => {
  const empty = () => ownDatabase({ version, empty: true });

  test('are applied once, each in its order, and said to the log', async () => {
    const { admin } = await empty();
    const sql = await makeSqlDirectory(two);
    const log: string[] = [];
    const first = await migrate(admin, sql.path, (line) => log.push(line));
    expect(first).toEqual({
      migrations: ['0000_roles_and_schemas', '0001_schema_bookkeeping', '0002_things', '0003_more'],
      objects: [],
      dropped: [],
      version: 3,
    });
    expect(log).toEqual(first.migrations.map((name) => `applied ${name}`));
    expect(await things(admin)).toEqual([1, 2]);

    await sql.write({ 'migrations/0004_last.sql': '-- breaking\ninsert into ops.things values (3);\n' });
    expect((await migrate(admin, sql.path)).migrations).toEqual(['0004_last']);
    expect((await migrate(admin, sql.path)).migrations).toEqual([]);
    expect(await things(admin)).toEqual([1, 2, 3]);
    const recorded = await admin.sql(z.strictObject({ name: z.string() }))`
      select name from ops.schema_migrations where breaking`;
    expect(recorded).toEqual([{ name: '0004_last' }]);
  });

  test('belong to cuadre_owner, except what the administrator must do', async () => {
    const { admin } = await empty();
    const whoami = 'create table ops.NAME as select current_user::text as name;';
    const sql = await makeSqlDirectory({
      'migrations/0002_owner.sql': whoami.replace('NAME', 'owner'),
      'migrations/0003_administrator.sql': `-- as administrator\n${whoami.replace('NAME', 'administrator')}`,
    });
    await migrate(admin, sql.path);
    const rows = await admin.sql(z.strictObject({ name: z.string() }))`
      select name from ops.owner union all select name from ops.administrator`;
    expect(rows).toEqual([{ name: 'cuadre_owner' }, { name: 'postgres' }]);
  });

  test('five runners at once apply each once', async () => {
    const database = await empty();
    const sql = await makeSqlDirectory({
      ...two,
      'core/v_things.sql':
        '-- grain: one row per thing\n-- requires: ops.things\ncreate view ops.v_things as table ops.things;',
    });
    const runners = Array.from({ length: 5 }, () => migrate(database.connect('postgres'), sql.path));
    const reports = await Promise.all(runners);
    expect(reports.flatMap((report) => report.migrations).sort()).toEqual([
      '0000_roles_and_schemas',
      '0001_schema_bookkeeping',
      '0002_things',
      '0003_more',
    ]);
    expect(reports.flatMap((report) => report.objects)).toEqual(['ops.v_things']);
    expect(await things(database.admin)).toEqual([1, 2]);
  });

  test('two databases of one cluster are set up at once', async () => {
    const databases = await Promise.all([empty(), empty(), empty()]);
    const sql = await makeSqlDirectory(two);
    const reports = await Promise.all(databases.map(({ admin }) => migrate(admin, sql.path)));
    expect(reports.map((report) => report.version)).toEqual([3, 3, 3]);
  });

  test('one that fails leaves those before it, names its file, and is taken up again when corrected', async () => {
    const { admin } = await empty();
    const sql = await makeSqlDirectory(two);
    await sql.write({
      'migrations/0003_more.sql': 'insert into ops.things values (2);\ninsert into ops.things values (1);\n',
    });
    await expect(migrate(admin, sql.path)).rejects.toThrow(
      /^sql\/migrations\/0003_more\.sql could not be applied: duplicate key value violates unique constraint "things_pkey"/,
    );
    expect(await things(admin)).toEqual([1]);
    await sql.write(two);
    expect((await migrate(admin, sql.path)).migrations).toEqual(['0003_more']);
    expect(await things(admin)).toEqual([1, 2]);
  });

  test('an applied file whose text or name changed is refused by name', async () => {
    const { admin } = await empty();
    const sql = await makeSqlDirectory(two);
    await migrate(admin, sql.path);
    const changed =
      /^sql\/migrations\/0002_\w+\.sql is not what was applied to the database as 0002_things: restore/;
    await sql.write({ 'migrations/0002_things.sql': `${two['migrations/0002_things.sql']}-- harmless\n` });
    await expect(migrate(admin, sql.path)).rejects.toThrow(changed);
    await sql.remove('migrations/0002_things.sql');
    await sql.write({ 'migrations/0002_others.sql': two['migrations/0002_things.sql'] });
    await expect(migrate(admin, sql.path)).rejects.toThrow(changed);
  });

  test('a number below the last applied one is refused, taken away or added', async () => {
    const { admin } = await empty();
    const sql = await makeSqlDirectory({ ...two, 'migrations/0005_last.sql': 'select 1;' });
    await migrate(admin, sql.path);
    await sql.write({ 'migrations/0004_late.sql': 'insert into ops.things values (4);' });
    await expect(migrate(admin, sql.path)).rejects.toThrow(
      'sql/migrations/0004_late.sql comes before the last applied migration (0005_last): give it the next free number',
    );
    await sql.remove('migrations/0004_late.sql');
    await sql.remove('migrations/0003_more.sql');
    await expect(migrate(admin, sql.path)).rejects.toThrow(
      'the database has applied 0003_more, which sql/migrations does not contain',
    );
    expect(await things(admin)).toEqual([1, 2]);
  });

  test('a newer database is left alone when it is breaking, and served when it is not', async () => {
    const { admin } = await empty();
    const old = await makeSqlDirectory(two);
    const newer = await makeSqlDirectory({
      ...two,
      'migrations/0004_expand.sql': 'create table ops.new (id int);',
    });
    await migrate(admin, newer.path);
    expect(await migrate(admin, old.path)).toMatchObject({ migrations: [], version: 4 });
    await newer.write({ 'migrations/0005_contract.sql': '-- breaking\ndrop table ops.new;' });
    await migrate(admin, newer.path);
    await expect(migrate(admin, old.path)).rejects.toThrow(
      'the database is newer than this code and not compatible with it (0005_contract): deploy the newer code',
    );
  });

  test('a schema that someone else owns is not taken over', async () => {
    const { admin } = await empty();
    await admin.script('create schema canon');
    const sql = await makeSqlDirectory(two);
    await expect(migrate(admin, sql.path)).rejects.toThrow(
      'the schema canon exists already and belongs to postgres',
    );
  });
});

describe.each(versions)("the upstream's tables on PostgreSQL %i", (version) => {
  const grants =
    'grant select on public.trips to cuadre_owner;\ngrant select on public.trips to cuadre_jobs;\n';
  const sources = {
    'sources/trips.sql': 'create table public.trips (id int);\n',
    'sources/grants.sql': grants,
  };

  test('must be there', async () => {
    const { admin } = await ownDatabase({ version, empty: true });
    const sql = await makeSqlDirectory(sources);
    await expect(migrate(admin, sql.path)).rejects.toThrow(
      "the upstream's tables public.trips are not in this database: connect to the one that has them",
    );
  });

  test('are readable after each migration, also when the upstream made them anew', async () => {
    const database = await ownDatabase({ version, empty: true });
    const sql = await makeSqlDirectory(sources);
    await createUpstream(database.admin, sql.path);
    await migrate(database.admin, sql.path);
    const jobs = database.connect('cuadre_jobs');
    await expect(jobs.sql`select id from public.trips`).resolves.toBe(0);
    await database.admin.script('drop table public.trips; create table public.trips (id int);');
    await expect(jobs.sql`select id from public.trips`).rejects.toThrow('permission denied for table trips');
    await migrate(database.admin, sql.path);
    await expect(jobs.sql`select id from public.trips`).resolves.toBe(0);
  });

  test('whose rights an administrator cannot give are named, with who can', async () => {
    const database = await ownDatabase({ version, empty: true });
    const sql = await makeSqlDirectory(sources);
    await createUpstream(database.admin, sql.path);
    const administrator = `administrator_of_${database.name}`;
    await database.admin.script(`create role ${administrator} login createrole;
      grant create on database ${database.name} to ${administrator};
      grant cuadre_owner to ${administrator}`);
    const url = new URL(database.url());
    url.username = administrator;
    const connection = database.connect('postgres', { user: administrator });
    await expect(migrate(connection, sql.path)).rejects.toThrow(
      "these rights on the upstream's tables are missing: cuadre_owner on public.trips, cuadre_jobs on public.trips; let their owner run sql/sources/grants.sql",
    );
    await database.admin.script(grants);
    expect((await migrate(connection, sql.path)).version).toBe(1);
  });
});

describe("the project's own directory", () => {
  const database = testDatabase();

  test('is applied once and is then at rest', async () => {
    expect(await migrate(database.admin, sqlDirectory)).toMatchObject({
      migrations: [],
      objects: [],
      dropped: [],
    });
  });

  test('declares everything that the catalog says its views and functions are built on', async () => {
    const undeclared = await database.admin.sql(z.strictObject({ undeclared: z.string() }))`
      with object as (
        select o.name, o.requires, coalesce(r.oid, to_regclass(o.name)::oid, to_regproc(o.name)::oid) as oid
        from ops.schema_objects o
        -- what a view is built on hangs on its rule
        left join pg_rewrite r on r.ev_class = to_regclass(o.name) and r.rulename = '_RETURN'
      )
      select distinct o.name || ' requires ' || other.name as undeclared
      from object o
      join pg_depend d on d.objid = o.oid and d.deptype = 'n'
      join ops.schema_objects other
        on other.name <> o.name and d.refobjid in (to_regclass(other.name)::oid, to_regproc(other.name)::oid)
      where other.name <> all (o.requires)`;
    expect(undeclared).toEqual([]);
  });
});
