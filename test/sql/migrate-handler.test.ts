/** Who may migrate by the function: the deployment, and a person who says so. `{}` only looks. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { handler } from '../../functions/core/migrate-handler.ts';
import { ownDatabase, type TestDatabase } from '../support/database.ts';
import { makeSqlDirectory, objectFile, type SqlDirectory } from '../support/sql-directory.ts';

const LATEST = { functionVersion: '$LATEST' };
const PUBLISHED = { functionVersion: '7' };

/** The function of an environment: with this database and these files. */
function functionOf(database: TestDatabase, sql: SqlDirectory, more: Readonly<Record<string, string>> = {}) {
  return (event: unknown, context = LATEST) => {
    const variables = { DATABASE_URL: database.url(), SQL_DIRECTORY: sql.path, LOG_LEVEL: 'error', ...more };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    return handler(event, context);
  };
}

const begun = {
  'migrations/0002_things.sql': 'create table ops.things (id int primary key);\n',
  'core/v_old.sql': objectFile('ops.things', 'create view ops.v_old as select id from ops.things'),
  'core/v_kept.sql': objectFile('ops.things', 'create view ops.v_kept as select id from ops.things'),
};

describe('the function of the migrations', () => {
  test('asked with {} says what stands and what would be done, and does nothing', async () => {
    const database = await ownDatabase({ empty: true });
    const sql = await makeSqlDirectory(begun);
    const migrate = functionOf(database, sql);
    const first = ['0000_roles_and_schemas', '0001_schema_bookkeeping', '0002_things'];
    const never = {
      migrations: first,
      objects: ['ops.v_kept', 'ops.v_old'],
      dropped: [],
      upstream: [],
      version: -1,
    };
    expect(await migrate({})).toEqual({ ...never, dryRun: true });
    expect(await migrate({}), 'still').toEqual({ ...never, dryRun: true });
    expect(await migrate({ dryRun: false })).toEqual({ ...never, version: 2, dryRun: false });
    expect(await migrate({})).toEqual({
      migrations: [],
      objects: [],
      dropped: [],
      upstream: [],
      version: 2,
      dryRun: true,
    });

    await sql.write({
      'migrations/0003_more.sql': 'alter table ops.things add column name text;\n',
      'core/v_new.sql': objectFile('ops.v_kept', 'create view ops.v_new as select id from ops.v_kept'),
      'core/v_on_new.sql': objectFile('ops.v_new', 'create view ops.v_on_new as select id from ops.v_new'),
    });
    await sql.remove('core/v_old.sql');
    const behind = {
      migrations: ['0003_more'],
      objects: ['ops.v_new', 'ops.v_on_new'],
      dropped: ['ops.v_old'],
      upstream: [],
    };
    expect(await migrate({})).toEqual({ ...behind, version: 2, dryRun: true });
    expect(await migrate({ dryRun: true }, PUBLISHED)).toEqual({ ...behind, version: 2, dryRun: true });
    expect(await migrate({ dryRun: false })).toEqual({ ...behind, version: 3, dryRun: false });
  });

  test('says beforehand of a changed view what a migration then does, with what stands on it', async () => {
    const database = await ownDatabase({ empty: true });
    const sql = await makeSqlDirectory({
      ...begun,
      'core/v_on_kept.sql': objectFile(
        'ops.v_kept',
        'create view ops.v_on_kept as select id from ops.v_kept',
      ),
    });
    const migrate = functionOf(database, sql);
    await migrate({ dryRun: false });
    await sql.write({
      'core/v_kept.sql': objectFile(
        'ops.things',
        'create or replace view ops.v_kept as select id from ops.things order by 1',
      ),
    });
    const told = await migrate({});
    expect(told.objects).toEqual(['ops.v_kept', 'ops.v_on_kept']);
    expect((await migrate({ dryRun: false })).objects).toEqual(told.objects);
  });

  test('called by the deployment, which has no say in the event, migrates', async () => {
    const database = await ownDatabase({ empty: true });
    const migrate = functionOf(database, await makeSqlDirectory(begun));
    expect(await migrate({}, PUBLISHED)).toMatchObject({ version: 2, dryRun: false });
  });

  test('names the upstream’s tables that it would make, and makes none', async () => {
    const database = await ownDatabase({ empty: true });
    const sql = await makeSqlDirectory({
      ...begun,
      'sources/theirs.sql': 'create table public.theirs (id int primary key);\n',
    });
    const migrate = functionOf(database, sql, { UPSTREAM: 'create' });
    expect(await migrate({})).toMatchObject({ upstream: ['public.theirs'], version: -1, dryRun: true });
    expect(await migrate({ dryRun: false })).toMatchObject({ upstream: ['public.theirs'], version: 2 });
    expect(await migrate({})).toMatchObject({ upstream: [], version: 2 });
  });

  test.each([
    [{ dryrun: false }, 'dryrun: is not a known key'],
    [{ dryRun: 'no' }, 'dryRun'],
    [null, 'input: '],
  ])('refuses %j by name, and nothing is done', async (event, said) => {
    const database = await ownDatabase({ empty: true });
    const migrate = functionOf(database, await makeSqlDirectory(begun));
    await expect(migrate(event)).rejects.toThrow(said);
    expect(await migrate({})).toMatchObject({ version: -1 });
  });
});
