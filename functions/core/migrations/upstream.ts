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
  /** The text of grants_uploads.sql: rights to add rows, which not every owner gives. */
  readonly uploads: string;
}

export async function readUpstream(sqlDirectory: string): Promise<Upstream> {
  const directory = join(sqlDirectory, 'sources');
  const tables: string[] = [];
  let grants = '';
  let uploads = '';
  for (const file of (await readdir(directory)).sort()) {
    const text = await readText(join(directory, file));
    if (file === 'grants.sql') grants = text;
    if (file === 'grants_uploads.sql') uploads = text;
    for (const [, name = ''] of text.matchAll(/^create table ([\w.]+)/gm)) tables.push(name);
  }
  return { tables, grants, uploads };
}

/** Rights to read are needed, those to add rows given where that is ours to do: without them uploads are refused. */
export async function allowUpstream(sql: Transaction, { tables, grants, uploads }: Upstream): Promise<void> {
  const absent = await sql(z.strictObject({ name: z.string() }))`
    select name from unnest(${tables}::text[]) as source(name) where to_regclass(name) is null`;
  if (absent.length > 0) {
    throw new MigrationError(
      `the upstream's tables ${absent.map(({ name }) => name).join(', ')} are not in this database: connect to the one that has them`,
      { code: 'UPSTREAM_MISSING' },
    );
  }
  const left = await give(sql, grants);
  if (left.missing.length > 0) {
    throw new MigrationError(
      `these rights on the upstream's tables are missing: ${left.missing.map(({ role, name }) => `${role} on ${name}`).join(', ')}; let their owner run sql/sources/grants.sql`,
      { code: 'UPSTREAM_RIGHTS', cause: left.refusal },
    );
  }
  await give(sql, uploads);
}

/** Gives what is missing where the connecting role may, and says what is missing after that. */
async function give(
  sql: Transaction,
  grants: string,
): Promise<{ missing: readonly Right[]; refusal?: PermanentError | undefined }> {
  const rights = rightsOf(grants);
  if ((await missing(sql, rights)).length === 0) return { missing: [] };
  const refusal = await sql
    .savepoint((inner) => inner.script(grants))
    .then(() => undefined)
    .catch((error: unknown) => {
      // Not their owner: whether that matters is for the next look to say.
      if (error instanceof PermanentError) return error;
      throw error;
    });
  return { missing: await missing(sql, rights), refusal };
}

interface Right {
  readonly role: string;
  readonly name: string;
  readonly privilege: string;
}

/** What the statements of a file of grants give, one right for each role and table or sequence. */
export function rightsOf(grants: string): Right[] {
  const statements = grants
    .replace(/--[^\n]*/g, ' ')
    .split(';')
    .map((text) => text.trim());
  return statements.filter(Boolean).flatMap((statement) => {
    const [, privilege, names, roles] =
      /^grant\s+(select|insert|usage(?=\s+on\s+sequence\s))\s+on\s+(?:sequence\s+)?(.+?)\s+to\s+(.+)$/s.exec(
        statement,
      ) ?? [];
    if (privilege === undefined || names === undefined || roles === undefined) {
      throw new MigrationError(
        `the grants in sql/sources may be "grant select on ... to ...;", insert, or usage on a sequence, not: ${statement}`,
        {
          code: 'UPSTREAM_GRANTS',
        },
      );
    }
    const list = (text: string) => text.split(',').map((part) => part.trim());
    return list(roles).flatMap((role) => list(names).map((name) => ({ role, name, privilege })));
  });
}

async function missing(sql: Transaction, rights: readonly Right[]): Promise<Right[]> {
  return sql(z.strictObject({ role: z.string(), name: z.string(), privilege: z.string() }))`
    select role, name, privilege
    from jsonb_to_recordset(${json(rights)}::jsonb) as needed(role text, name text, privilege text)
    where to_regclass(name) is null
       or not case privilege
            when 'usage' then has_sequence_privilege(role, to_regclass(name), privilege)
            else has_table_privilege(role, to_regclass(name), privilege) end
       or not has_schema_privilege(role, split_part(name, '.', 1), 'usage')`;
}
