/** The repeatable objects: every other .sql file but sql/sources, one object each, re-applied when its text changes. */
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { checksum, leadingComments, MigrationError, readText } from './files.ts';

export type ObjectKind = 'view' | 'materialized view' | 'function' | 'procedure' | 'script';

export interface SqlObject {
  /** `schema.name` as created; a script (grants), which creates nothing, goes by its path. */
  readonly name: string;
  readonly kind: ObjectKind;
  readonly file: string;
  readonly text: string;
  readonly checksum: string;
  /** What its header says it is built on: other objects, or tables of the migrations and of the upstream. */
  readonly requires: readonly string[];
}

/** In an order in which they can be created: each after what it requires, otherwise by name. */
export async function readObjects(sqlDirectory: string): Promise<SqlObject[]> {
  const objects: SqlObject[] = [];
  for (const path of (await readdir(sqlDirectory, { recursive: true })).sort()) {
    const parts = path.split(sep);
    if (!path.endsWith('.sql') || parts[0] === 'migrations' || parts[0] === 'sources') continue;
    objects.push(parseObject(parts.join('/'), await readText(join(sqlDirectory, path))));
  }
  return inOrder(objects);
}

export function parseObject(path: string, text: string): SqlObject {
  const file = `sql/${path}`;
  const [grain, requires] = leadingComments(text);
  if (grain?.startsWith('-- grain: ') !== true || requires?.startsWith('-- requires: ') !== true) {
    throw new MigrationError(
      `${file} must begin with the lines "-- grain: ..." and "-- requires: a.b, c.d" (or none)`,
      {
        code: 'OBJECT_HEADER',
      },
    );
  }
  const names = requires.slice('-- requires: '.length).split(/\s*,\s*/);
  const [created, second] = createdObjects(text);
  if (second !== undefined) {
    throw new MigrationError(
      `${file} creates more than one object (${created?.name}, ${second.name}): give each its own file`,
      {
        code: 'OBJECT_COUNT',
      },
    );
  }
  return {
    name: created?.name ?? path.slice(0, -'.sql'.length),
    kind: created?.kind ?? 'script',
    file,
    text,
    checksum: checksum(text),
    requires: names.length === 1 && names[0] === 'none' ? [] : names,
  };
}

const kinds: ReadonlyMap<string, ObjectKind> = new Map([
  ['view', 'view'],
  ['recursive view', 'view'],
  ['materialized view', 'materialized view'],
  ['function', 'function'],
  ['procedure', 'procedure'],
]);

function createdObjects(text: string): { kind: ObjectKind; name: string }[] {
  // Bodies, strings and comments may speak of other objects.
  const bare = text
    .replace(/--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'/g, ' ')
    .toLowerCase();
  const pattern =
    /\bcreate\s+(?:or\s+replace\s+)?(materialized\s+view|recursive\s+view|view|function|procedure)\s+(?:if\s+not\s+exists\s+)?([\w.]+)/g;
  return [...bare.matchAll(pattern)].flatMap(([, kind = '', name = '']) => {
    const known = kinds.get(kind.replace(/\s+/g, ' '));
    return known === undefined ? [] : [{ kind: known, name }];
  });
}

function inOrder(objects: readonly SqlObject[]): SqlObject[] {
  const byName = new Map<string, SqlObject>();
  for (const object of objects) {
    const twin = byName.get(object.name);
    if (twin !== undefined) {
      throw new MigrationError(`${twin.file} and ${object.file} both create ${object.name}: keep one`, {
        code: 'OBJECT_TWICE',
      });
    }
    byName.set(object.name, object);
  }
  const ordered: SqlObject[] = [];
  const placed = new Set<string>();
  const visit = (object: SqlObject, trail: readonly string[]) => {
    if (placed.has(object.name)) return;
    if (trail.includes(object.name)) {
      throw new MigrationError(
        `these objects require each other in a circle: ${[...trail, object.name].join(' -> ')}`,
        {
          code: 'OBJECT_CYCLE',
        },
      );
    }
    for (const name of object.requires) {
      const required = byName.get(name);
      if (required !== undefined) visit(required, [...trail, object.name]);
    }
    placed.add(object.name);
    ordered.push(object);
  };
  for (const name of [...byName.keys()].sort()) {
    const object = byName.get(name);
    if (object !== undefined) visit(object, []);
  }
  return ordered;
}
