/**
 * The upstream's own tables: sql/sources describes them, someone else owns them and may make them anew at any time.
 * So at every migration the rights that sql/sources/grants.sql gives are looked at, and given where they are missing.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { json, type Transaction } from '../database.ts';
import { PermanentError } from '../errors.ts';
import { MigrationError, readText } from './files.ts';

export interface Upstream {
  /** `schema.table` of every table that sql/sources describes. */
  readonly tables: readonly string[];
  /** The text of grants.sql: `grant select on a, b to role;` statements and nothing else. */
  readonly grants: string;
}

export async function readUpstream(sqlDirectory: string): Promise<Upstream> {
  const directory = join(sqlDirectory, 'sources');
  const tables: string[] = [];
  let grants = '';
  for (const file of (await readdir(directory)).sort()) {
    const text = await readText(join(directory, file));
    if (file === 'grants.sql') grants = text;
    for (const [, name = ''] of text.matchAll(/^create table ([\w.]+)/gm)) tables.push(name);
  }
  return { tables, grants };
}

export async function allowReading(sql: Transaction, { tables, grants }: Upstream): Promise<void> {
  const absent = await sql(z.strictObject({ name: z.string() }))`
    select name from unnest(${tables}::text[]) as source(name) where to_regclass(name) is null`;
  if (absent.length > 0) {
    throw new MigrationError(
      `the upstream's tables ${absent.map(({ name }) => name).join(', ')} are not in this database: connect to the one that has them`,
      { code: 'UPSTREAM_MISSING' },
    );
  }
  const rights = selectRights(grants);
  if ((await missing(sql, rights)).length === 0) return;
  const refusal = await sql
    .savepoint((inner) => inner.script(grants))
    .catch((error: unknown) => {
      // Not their owner: whether that matters is for the next look to say.
      if (error instanceof PermanentError) return error;
      throw error;
    });
  const left = await missing(sql, rights);
  if (left.length === 0) return;
  throw new MigrationError(
    `these rights on the upstream's tables are missing: ${left.map(({ role, name }) => `${role} on ${name}`).join(', ')}; let their owner run sql/sources/grants.sql`,
    { code: 'UPSTREAM_RIGHTS', cause: refusal },
  );
}

interface Right {
  readonly role: string;
  readonly name: string;
}

/** What the statements of grants.sql give, one right for each role and table. */
export function selectRights(grants: string): Right[] {
  const statements = grants
    .replace(/--[^\n]*/g, ' ')
    .split(';')
    .map((text) => text.trim());
  return statements.filter(Boolean).flatMap((statement) => {
    const [, names, roles] = /^grant\s+select\s+on\s+(.+?)\s+to\s+(.+)$/s.exec(statement) ?? [];
    if (names === undefined || roles === undefined) {
      throw new MigrationError(
        `sql/sources/grants.sql may hold "grant select on ... to ...;" only, not: ${statement}`,
        {
          code: 'UPSTREAM_GRANTS',
        },
      );
    }
    const list = (text: string) => text.split(',').map((part) => part.trim());
    return list(roles).flatMap((role) => list(names).map((name) => ({ role, name })));
  });
}

async function missing(sql: Transaction, rights: readonly Right[]): Promise<Right[]> {
  return sql(z.strictObject({ role: z.string(), name: z.string() }))`
    select role, name from jsonb_to_recordset(${json(rights)}::jsonb) as needed(role text, name text)
    where not has_table_privilege(role, name, 'select')
       or not has_schema_privilege(role, split_part(name, '.', 1), 'usage')`;
}
