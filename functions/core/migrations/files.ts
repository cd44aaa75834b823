/** The numbered, forward-only files: sql/migrations/NNNN_name.sql. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError } from '../errors.ts';

/** The schema and the code's files do not fit together; the message says what to do. */
export class MigrationError extends PermanentError {
  override readonly name = 'MigrationError';
}

export interface Migration {
  readonly number: number;
  /** File name without `.sql`. */
  readonly name: string;
  /** Path as people write it: sql/migrations/NNNN_name.sql. */
  readonly file: string;
  readonly text: string;
  readonly checksum: string;
  /** `-- breaking`: code that does not know this file must not work on the schema. */
  readonly breaking: boolean;
  /** `-- as administrator`: runs as the connecting role instead of cuadre_owner (roles, schemas). */
  readonly administrator: boolean;
}

export async function readMigrations(sqlDirectory: string): Promise<Migration[]> {
  const directory = join(sqlDirectory, 'migrations');
  const migrations: Migration[] = [];
  for (const file of (await readdir(directory)).sort()) {
    const match = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(file);
    if (match === null) {
      throw new MigrationError(
        `sql/migrations/${file} is not named NNNN_name.sql: rename it or move it elsewhere`,
        {
          code: 'MIGRATION_NAME',
        },
      );
    }
    const text = await readText(join(directory, file));
    const number = Number(match[1]);
    const before = migrations.at(-1);
    if (before?.number === number) {
      throw new MigrationError(
        `${before.file} and sql/migrations/${file} have the same number: give one the next free one`,
        {
          code: 'MIGRATION_DUPLICATE',
        },
      );
    }
    const markers = leadingComments(text);
    migrations.push({
      number,
      name: file.slice(0, -'.sql'.length),
      file: `sql/migrations/${file}`,
      text,
      checksum: checksum(text),
      breaking: markers.includes('-- breaking'),
      administrator: markers.includes('-- as administrator'),
    });
  }
  return migrations;
}

/** The comment lines that a file begins with. */
export function leadingComments(text: string): string[] {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const end = lines.findIndex((line) => !line.startsWith('--'));
  return end === -1 ? lines : lines.slice(0, end);
}

/** A checkout that writes CRLF must not look like a changed file. */
export async function readText(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).replaceAll('\r\n', '\n');
}

export function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
