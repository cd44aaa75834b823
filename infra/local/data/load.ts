/**
 * Loads a data set: a directory in the format of format.ts. All of it in one transaction, or nothing: files are
 * checked and put into temporary tables, keys are checked over those, and only then are the real tables filled.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { compositeArray } from '../../../functions/core/csv/composite.ts';
import { type CatalogColumn, catalogColumn } from '../../../functions/core/csv/values.ts';
import type { Database, Transaction } from '../../../functions/core/database.ts';
import { CuadreError, PermanentError } from '../../../functions/core/errors.ts';
import { type DatasetTable, datasetTables } from './format.ts';
import { assertMadeHere } from './made-here.ts';
import { DatasetError, Problems } from './problems.ts';
import { readTable } from './read-table.ts';

export { DatasetError } from './problems.ts';

const loadedTable = z.strictObject({ table_name: z.string(), rows: z.string().transform(Number) });

/** Rows by table name. */
export type DatasetReport = ReadonlyMap<string, number>;

/**
 * @param database the superuser's connection to a migrated database whose upstream createUpstream made
 * @throws DatasetError that lists what is wrong with the files; nothing is loaded then
 */
export async function loadDataset(database: Database, directory: string): Promise<DatasetReport> {
  const problems = new Problems();
  const present = await filesOf(directory, problems);
  const texts = await Promise.all(['stage_table', 'key_problems', 'fill_tables'].map(readSql));
  return database.transaction(async (sql) => {
    await assertMadeHere(sql);
    for (const text of texts) await sql.script(text);
    for (const table of datasetTables) {
      if (present.has(table.name)) await stage(sql, directory, table, problems);
    }
    problems.throwIfAny();
    for (const { table_name, ...problem } of await sql(keyProblem)`select * from pg_temp.key_problems(100)`) {
      problems.add({ file: `${table_name}.csv`, ...problem });
    }
    problems.throwIfAny();
    const loaded = await sql(loadedTable)`select * from pg_temp.fill_tables()`;
    return new Map(loaded.map(({ table_name, rows }) => [table_name, rows]));
  });
}

const keyProblem = z
  .strictObject({
    table_name: z.string(),
    line: z.string().transform(Number),
    columns: z.string(),
    value: z.string(),
    rule: z.string(),
  })
  .transform(({ columns, ...rest }) => ({ ...rest, column: columns }));

function readSql(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, 'sql', `${name}.sql`), 'utf8');
}

/** The names of the tables whose files are there. */
async function filesOf(directory: string, problems: Problems): Promise<ReadonlySet<string>> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (cause) {
    throw new DatasetError([{ file: directory, rule: 'must be a directory that can be read' }], cause);
  }
  const files = new Set(names.filter((name) => name.endsWith('.csv')));
  for (const { name } of datasetTables) {
    if (!files.has(`${name}.csv`)) problems.add({ file: `${name}.csv`, rule: 'the file is missing' });
    files.delete(`${name}.csv`);
  }
  for (const file of files) problems.add({ file, rule: 'no table of a data set has this name' });
  return new Set(datasetTables.map(({ name }) => name).filter((name) => names.includes(`${name}.csv`)));
}

async function stage(
  sql: Transaction,
  directory: string,
  table: DatasetTable,
  problems: Problems,
): Promise<void> {
  const catalog = await catalogOf(sql, table);
  await sql`select pg_temp.stage_table(${table.name}, ${table.columns}::text[])`.catch((cause: unknown) => {
    if (!(cause instanceof CuadreError) || cause.code !== '55000') throw cause;
    throw new PermanentError(
      `the table ${table.name} already holds rows: a data set is loaded into a new database only. Start without --data to go on with what is there, or with a new --state to begin anew`,
      {
        code: 'DATABASE_NOT_EMPTY',
        cause,
      },
    );
  });
  await readTable(join(directory, `${table.name}.csv`), table, catalog, problems, async (records) => {
    const [first] = records;
    if (first === undefined) return;
    try {
      await sql`select pg_temp.stage_rows(${compositeArray(records)})`;
    } catch (error) {
      // Class 22 is bad data: a value that passed the checks here and yet is none for PostgreSQL.
      if (!(error instanceof CuadreError) || !error.code.startsWith('22')) throw error;
      const place = { file: `${table.name}.csv`, line: first.line };
      throw new DatasetError(
        [{ ...place, rule: `from this line on, PostgreSQL refuses a value: ${error.message}` }],
        error,
      );
    }
  });
}

async function catalogOf(
  sql: Transaction,
  { name, columns }: DatasetTable,
): Promise<Map<string, CatalogColumn>> {
  const found = await sql(catalogColumn)`
    select a.attname as name, case t.typtype when 'e' then 'enum' else t.typname end as type,
           format_type(a.atttypid, a.atttypmod) as declared, a.attnotnull as required,
           coalesce((select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
                    '[]') as labels
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = to_regclass(${name}) and a.attnum > 0 and not a.attisdropped`;
  const catalog = new Map(found.map((column) => [column.name, column]));
  const lacking = columns.filter((column) => !catalog.has(column));
  if (lacking.length > 0) {
    throw new PermanentError(
      `the database has no ${name}(${lacking.join(', ')}): migrate it before loading a data set`,
      {
        code: 'SCHEMA_BEHIND',
      },
    );
  }
  return catalog;
}
