import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { TestDatabase } from '../../support/database.ts';

const table = z.strictObject({ name: z.string() });

/** Every table's rows, whatever their order, as one digest each. */
export async function digests({ admin }: TestDatabase): Promise<Record<string, string>> {
  const tables = await admin.sql(table)`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema') order by 1`;
  const found: Record<string, string> = {};
  for (const { name } of tables) {
    found[name] = await admin.transaction(async (sql) => {
      await sql.script(`create temporary table digested on commit drop as
        select count(*) as rows, md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as digest from ${name} t`);
      const [row] = await sql(
        z.strictObject({ rows: z.string(), digest: z.string() }),
      )`select rows, digest from digested`;
      return createHash('sha256').update(JSON.stringify(row)).digest('hex');
    });
  }
  return found;
}
