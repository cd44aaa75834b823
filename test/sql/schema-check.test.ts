import { describe, expect, test } from 'vitest';
import { RetryableError } from '../../functions/core/errors.ts';
import { migrate } from '../../functions/core/migrate.ts';
import { assertSchema, REQUIRED_MIGRATION, SchemaError } from '../../functions/core/schema-check.ts';
import { ownDatabase, type Role, versions } from '../support/database.ts';
import { makeSqlDirectory } from '../support/sql-directory.ts';

const roles: readonly Role[] = ['cuadre_jobs', 'cuadre_operator', 'cuadre_reader'];

describe.each(versions)('the schema as a function finds it on PostgreSQL %i', (version) => {
  test.each(roles)('is accepted by %s when it is the one the code was written for', async (role) => {
    const database = await ownDatabase({ version });
    await expect(assertSchema(database.connect(role).sql)).resolves.toBeUndefined();
  });

  test('is refused when the database was never migrated', async () => {
    const { admin } = await ownDatabase({ version, empty: true });
    await expect(assertSchema(admin.sql)).rejects.toThrow(
      `the database was never migrated, this code needs ${REQUIRED_MIGRATION}: call the migrate function`,
    );
  });

  test('is refused when it is behind, as something that another attempt may find cured', async () => {
    const { admin } = await ownDatabase({ version, empty: true });
    const sql = await makeSqlDirectory();
    await migrate(admin, sql.path);
    const refusal = await assertSchema(admin.sql).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SchemaError);
    expect(refusal).toBeInstanceOf(RetryableError);
    expect(refusal).toMatchObject({
      code: 'SCHEMA_BEHIND',
      message: expect.stringContaining(
        `the database is at migration 1, this code needs ${REQUIRED_MIGRATION}`,
      ),
    });
  });

  test('is accepted when it is newer, until a breaking migration', async () => {
    const { admin } = await ownDatabase({ version });
    const add = (number: number, breaking: boolean) => admin.sql`
      insert into ops.schema_migrations (number, name, checksum, breaking)
      values (${number}, ${`${number}_later`}, 'x', ${breaking})`;
    await add(9001, false);
    await expect(assertSchema(admin.sql)).resolves.toBeUndefined();
    await add(9002, true);
    await add(9003, false);
    await expect(assertSchema(admin.sql)).rejects.toMatchObject({
      code: 'SCHEMA_NEWER',
      message: expect.stringContaining('not compatible with it since 9002_later: deploy the newer code'),
    });
  });
});
