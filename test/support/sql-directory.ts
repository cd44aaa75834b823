/** A small sql directory of a test's own: the two files that begin every history, and what the test adds. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { sqlDirectory } from './database-server.ts';

export interface SqlDirectory {
  readonly path: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  remove(file: string): Promise<void>;
}

/** @param files by path below the directory, e.g. `core/v_things.sql` */
export async function makeSqlDirectory(files: Readonly<Record<string, string>> = {}): Promise<SqlDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'cuadre-sql-'));
  onTestFinished(() => rm(path, { recursive: true }));
  await mkdir(join(path, 'sources'));
  for (const name of ['0000_roles_and_schemas.sql', '0001_schema_bookkeeping.sql']) {
    await cp(join(sqlDirectory, 'migrations', name), join(path, 'migrations', name));
  }
  const write: SqlDirectory['write'] = async (more) => {
    for (const [file, text] of Object.entries(more)) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), text);
    }
  };
  await write(files);
  return { path, write, remove: (file) => rm(join(path, file)) };
}

/** The text of a repeatable object's file. */
export function objectFile(requires: string, statement: string): string {
  return `-- grain: one row per test\n-- requires: ${requires}\n${statement};\n`;
}
