/** Brings the repeatable objects up to their files, inside one transaction. */
import type { Transaction } from '../database.ts';
import { CuadreError } from '../errors.ts';
import { explained } from './explained.ts';
import type { SqlObject } from './objects.ts';
import {
  dropObject,
  forgetObject,
  type RecordedObject,
  recordedObjects,
  recordObject,
  requireOutsiders,
} from './recorded-objects.ts';

export interface ObjectReport {
  readonly applied: readonly string[];
  readonly dropped: readonly string[];
}

/**
 * Replaces what changed, and again what is built on it. Only where PostgreSQL refuses to replace in place (a column
 * of a view went, a return type changed) is the object dropped, with everything that declares to be built on it, and
 * all of that made anew: a materialized view keeps its rows as long as nothing forces it to go.
 */
export async function applyObjects(sql: Transaction, objects: readonly SqlObject[]): Promise<ObjectReport> {
  const recorded = await recordedObjects(sql);
  await requireOutsiders(sql, objects, recorded);
  const checksums = new Map(recorded.map((row) => [row.name, row.checksum]));
  const standing = new Map(recorded.filter((row) => row.exists).map((row) => [row.name, row]));

  const drop = async (name: string) => {
    for (const dependent of dependents(name, [...standing.values()])) {
      // A function that a trigger or a default uses cannot go, and need not: it is replaced in place later.
      if (await dropObject(sql, dependent, 'unless in use')) standing.delete(dependent.name);
    }
    const row = standing.get(name);
    if (row !== undefined) await dropObject(sql, row, 'in any case');
    standing.delete(name);
  };

  const applied = new Set<string>();
  for (const object of objects) {
    if (!isDue(object, checksums, standing, applied)) continue;
    await explained(object.file, object.text, async () => {
      if (await replaceInPlace(sql, object)) return;
      await drop(object.name);
      await sql.script(object.text);
    });
    await recordObject(sql, object);
    standing.set(object.name, { ...object, requires: [...object.requires], exists: true });
    applied.add(object.name);
  }

  const removed = withoutFile(objects, recorded);
  for (const row of removed) {
    if (standing.has(row.name))
      await explained(`the removal of ${row.name}, whose file is gone,`, '', () => drop(row.name));
    await forgetObject(sql, row.name);
  }
  return { applied: [...applied], dropped: removed.map((row) => row.name) };
}

/**
 * What `applyObjects` would do, without doing it. What must go with a view that PostgreSQL refuses to replace in place is
 * not among it: that shows only when it refuses.
 */
export async function wouldApplyObjects(
  sql: Transaction,
  objects: readonly SqlObject[],
): Promise<ObjectReport> {
  const recorded = await recordedObjects(sql);
  const checksums = new Map(recorded.map((row) => [row.name, row.checksum]));
  const standing = new Map(recorded.filter((row) => row.exists).map((row) => [row.name, row]));
  const applied = new Set<string>();
  for (const object of objects) {
    if (isDue(object, checksums, standing, applied)) applied.add(object.name);
  }
  return { applied: [...applied], dropped: withoutFile(objects, recorded).map((row) => row.name) };
}

/** Its text changed, it is not there, or something that it is built on is made anew. */
function isDue(
  object: SqlObject,
  checksums: ReadonlyMap<string, string>,
  standing: ReadonlyMap<string, RecordedObject>,
  applied: ReadonlySet<string>,
): boolean {
  if (checksums.get(object.name) !== object.checksum || !standing.has(object.name)) return true;
  return object.kind !== 'materialized view' && object.requires.some((name) => applied.has(name));
}

function withoutFile<Row extends RecordedObject>(
  objects: readonly SqlObject[],
  recorded: readonly Row[],
): Row[] {
  const wanted = new Set(objects.map((object) => object.name));
  return recorded.filter((row) => !wanted.has(row.name));
}

/** invalid_table_definition, invalid_function_definition, wrong_object_type, duplicate_table, duplicate_function */
const otherShape: ReadonlySet<string> = new Set(['42P16', '42P13', '42809', '42P07', '42723']);

/** False, and nothing done, when the object stands there in another shape or kind. */
async function replaceInPlace(sql: Transaction, { name, text }: SqlObject): Promise<boolean> {
  try {
    await sql.savepoint(async (inner) => {
      await inner.script(text);
      // "create or replace" of a function with other parameters makes a second one: that too is another shape.
      await inner.script(`do $$ begin
        if (select count(*) > 1 from pg_proc where pronamespace::regnamespace::text || '.' || proname = '${name}') then
          raise invalid_function_definition;
        end if;
      end $$`);
    });
    return true;
  } catch (error) {
    if (error instanceof CuadreError && otherShape.has(error.code)) return false;
    throw error;
  }
}

/** What stands on the object, directly or not, the outermost first. */
function dependents(name: string, standing: readonly RecordedObject[]): RecordedObject[] {
  const seen = new Set([name]);
  const outermostFirst: RecordedObject[] = [];
  const visit = (required: string) => {
    for (const row of standing) {
      if (seen.has(row.name) || !row.requires.includes(required)) continue;
      seen.add(row.name);
      visit(row.name);
      outermostFirst.push(row);
    }
  };
  visit(name);
  return outermostFirst;
}
