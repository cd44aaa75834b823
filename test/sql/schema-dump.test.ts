import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Database } from '../../functions/core/database.ts';
import { testDatabase, versions } from '../support/database.ts';

/**
 * test/golden/schema.txt is the schema as the migrations and objects make it: a change of theirs shows its effect as
 * a change of that file. After reading the difference, write it anew with UPDATE_SCHEMA=1 npx vitest run test/sql/schema-dump.test.ts
 */
const golden = join(import.meta.dirname, '../golden/schema.txt');

async function dump(database: Database): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '../support/schema-dump.sql'), 'utf8');
  return database.transaction(async (sql) => {
    await sql.script(text);
    const lines = await sql(
      z.strictObject({ line: z.string() }),
    )`select line from pg_temp.schema_dump() as line`;
    return `${lines.map(({ line }) => line).join('\n')}\n`;
  });
}

describe.each(versions)('on PostgreSQL %i', (version) => {
  const database = testDatabase({ version });

  test('the schema is the one that was last agreed on', async () => {
    const found = await dump(database.admin);
    if (process.env['UPDATE_SCHEMA'] === '1') await writeFile(golden, found);
    expect(found).toBe(await readFile(golden, 'utf8'));
  });

  test('everything in it belongs to cuadre_owner', async () => {
    const foreign = await database.admin.sql(z.strictObject({ name: z.string(), owner: z.string() }))`
      select c.oid::regclass::text as name, pg_get_userbyid(c.relowner) as owner from pg_class c
      where c.relnamespace in ('canon'::regnamespace, 'ops'::regnamespace, 'observational'::regnamespace)
        and c.relowner <> 'cuadre_owner'::regrole
      union all
      select p.oid::regprocedure::text, pg_get_userbyid(p.proowner) from pg_proc p
      where p.pronamespace in ('canon'::regnamespace, 'ops'::regnamespace, 'observational'::regnamespace)
        and p.proowner <> 'cuadre_owner'::regrole`;
    expect(foreign).toEqual([]);
  });
});
