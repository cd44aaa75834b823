/** The repeatable objects as the database has them. */
import * as z from 'zod';
import type { Transaction } from '../database.ts';
import { CuadreError } from '../errors.ts';
import { MigrationError } from './files.ts';
import type { SqlObject } from './objects.ts';

const recordedObject = z.strictObject({
  name: z.string(),
  kind: z.enum(['view', 'materialized view', 'function', 'procedure', 'script']),
  checksum: z.string(),
  requires: z.array(z.string()),
  /** Whether such an object is really there: a migration may have dropped it to change a table below it. */
  exists: z.boolean(),
});
export type RecordedObject = Omit<z.output<typeof recordedObject>, 'checksum'>;

export async function recordedObjects(sql: Transaction): Promise<z.output<typeof recordedObject>[]> {
  return sql(recordedObject)`
    select o.name, o.kind, o.checksum, to_jsonb(o.requires) as requires,
           case
             when o.kind = 'script' then true
             when o.kind like '%view' then exists (
               select from pg_class c
               where c.oid = to_regclass(o.name) and c.relkind = case o.kind when 'view' then 'v' else 'm' end)
             else exists (
               select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
               where n.nspname || '.' || p.proname = o.name
                 and (p.prokind = 'p') = (o.kind = 'procedure'))
           end as exists
    from ops.schema_objects o
    order by o.name`;
}

export async function recordObject(sql: Transaction, object: SqlObject): Promise<void> {
  await sql`
    insert into ops.schema_objects (name, kind, file, checksum, requires)
    values (${object.name}, ${object.kind}, ${object.file}, ${object.checksum},
            ${object.requires}::text[])
    on conflict (name) do update
    set kind = excluded.kind, file = excluded.file, checksum = excluded.checksum, requires = excluded.requires,
        applied_at = excluded.applied_at`;
}

export async function forgetObject(sql: Transaction, name: string): Promise<void> {
  await sql`delete from ops.schema_objects where name = ${name}`;
}

/** True when it is gone. `unless in use`: something that no file declares still needs it, and it may stay. */
export async function dropObject(
  sql: Transaction,
  { kind, name }: RecordedObject,
  when: 'unless in use' | 'in any case',
): Promise<boolean> {
  if (kind === 'script') return true;
  try {
    await sql.savepoint((inner) => inner.script(`drop ${kind} ${name}`));
    return true;
  } catch (error) {
    const inUse = error instanceof CuadreError && error.code === '2BP01';
    if (inUse && when === 'unless in use') return false;
    throw error;
  }
}

/** What objects require beyond each other must be there: tables of the migrations, the upstream's, extensions'. */
export async function requireOutsiders(
  sql: Transaction,
  objects: readonly SqlObject[],
  recorded: readonly RecordedObject[],
): Promise<void> {
  const inside = new Set(objects.map((object) => object.name));
  // Still there, but about to be dropped because their files are gone.
  const leaving = new Set(recorded.filter((row) => row.exists).map((row) => row.name));
  const outside = objects.flatMap(({ file, requires }) =>
    requires.filter((name) => !inside.has(name)).map((name) => ({ file, name })),
  );
  if (outside.length === 0) return;
  const names = outside.map(({ name }) => name);
  const known = await sql(z.strictObject({ name: z.string() }))`
    select name from unnest(${names}::text[]) as required(name)
    where to_regclass(name) is not null or to_regproc(name) is not null`;
  const there = new Set(known.map(({ name }) => name));
  const missing = outside.filter(({ name }) => !there.has(name) || leaving.has(name));
  if (missing.length === 0) return;
  const list = missing.map(({ file, name }) => `${file} requires ${name}`).join('; ');
  throw new MigrationError(
    `${list}: no file creates it and the database does not have it; correct the "-- requires:" lines or add what is missing`,
    { code: 'OBJECT_REQUIREMENT' },
  );
}
