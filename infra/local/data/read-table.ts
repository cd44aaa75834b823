/** One file of a data set, read piece by piece: what is wrong in it goes to `problems`, its good rows to `take`. */
import { createReadStream } from 'node:fs';
import { CsvError, CsvParser, type CsvRecord } from '../../../functions/core/csv/parser.ts';
import { Utf8Decoder } from '../../../functions/core/csv/utf8.ts';
import { type CatalogColumn, type Check, checkFor } from '../../../functions/core/csv/values.ts';
import type { DatasetTable } from './format.ts';
import type { Problems } from './problems.ts';

interface Column {
  readonly name: string;
  readonly required: boolean;
  readonly check: Check;
}

/** `take` gets the records of one piece of the file, their fields in the order of `table.columns`. */
export async function readTable(
  path: string,
  table: DatasetTable,
  catalog: ReadonlyMap<string, CatalogColumn>,
  problems: Problems,
  take: (records: readonly CsvRecord[]) => Promise<void>,
): Promise<void> {
  const file = `${table.name}.csv`;
  let header: readonly string[] | undefined;
  let pick: (record: CsvRecord) => CsvRecord | undefined = () => undefined;
  try {
    for await (const records of recordsOf(path)) {
      const good: CsvRecord[] = [];
      for (const record of records) {
        if (header === undefined) {
          header = record.fields.map((name) => name ?? '');
          if (!headerFits(file, header, table, problems)) return;
          pick = picker(file, header, table, catalog, problems);
        } else {
          const picked = pick(record);
          if (picked !== undefined) good.push(picked);
        }
      }
      if (problems.full) return;
      await take(good);
    }
    if (header === undefined)
      problems.add({ file, line: 1, rule: 'the header is missing: the file is empty' });
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      problems.add({ file, rule: `cannot be read: ${error.message}` });
      return;
    }
    if (!(error instanceof CsvError)) throw error;
    const column = header?.[error.field];
    const place = column === undefined ? { file, line: error.line } : { file, line: error.line, column };
    problems.add({ ...place, value: error.value, rule: error.message });
  }
}

async function* recordsOf(path: string): AsyncGenerator<CsvRecord[]> {
  const decoder = new Utf8Decoder();
  const parser = new CsvParser();
  let first = true;
  for await (const piece of createReadStream(path, { highWaterMark: 262_144 })) {
    const { text, badByte } = decoder.push(piece);
    if (first && text.startsWith('\uFEFF'))
      parser.fail('the file must not begin with a byte order mark', '\uFEFF');
    first &&= text === '';
    const records: CsvRecord[] = [];
    let stopped: unknown;
    try {
      for (const record of parser.push(text)) records.push(record);
      if (badByte !== undefined) notUtf8(parser, badByte);
    } catch (error) {
      stopped = error;
    }
    // What stands before the place where reading must stop is judged all the same.
    yield records;
    if (stopped !== undefined) throw stopped;
  }
  const { badByte } = decoder.end();
  if (badByte !== undefined) notUtf8(parser, badByte);
  yield [...parser.end()];
}

function notUtf8(parser: CsvParser, byte: number): never {
  parser.fail('the file must be UTF-8', `byte 0x${byte.toString(16)}`);
}

function headerFits(
  file: string,
  header: readonly string[],
  table: DatasetTable,
  problems: Problems,
): boolean {
  const place = { file, line: 1 };
  const missing = table.columns.filter((name) => !header.includes(name));
  const unknown = header.filter((name) => !table.columns.includes(name));
  const repeated = header.filter(
    (name, index) => table.columns.includes(name) && header.indexOf(name) < index,
  );
  for (const column of missing) problems.add({ ...place, column, rule: 'the header lacks this column' });
  for (const column of unknown) problems.add({ ...place, column, rule: 'the table has no such column' });
  for (const column of repeated)
    problems.add({ ...place, column, rule: 'the header names this column twice' });
  return missing.length + unknown.length + repeated.length === 0;
}

/** Checks a record and puts its fields into the table's order; undefined when something is wrong with it. */
function picker(
  file: string,
  header: readonly string[],
  table: DatasetTable,
  catalog: ReadonlyMap<string, CatalogColumn>,
  problems: Problems,
): (record: CsvRecord) => CsvRecord | undefined {
  const columns: Column[] = header.map((name) => {
    const column = catalog.get(name);
    if (column === undefined) throw new TypeError(`${table.name} has no column ${name}`);
    return { name, required: column.required, check: checkFor(column) };
  });
  const order = table.columns.map((name) => header.indexOf(name));
  return ({ line, fields }) => {
    if (fields.length !== columns.length) {
      const rule = `the row must have ${columns.length} fields, it has ${fields.length}`;
      problems.add({ file, line, value: fields.map((field) => field ?? '').join(','), rule });
      return undefined;
    }
    let good = true;
    for (const [index, { name, required, check }] of columns.entries()) {
      const value = fields[index] ?? null;
      const rule = value === null ? (required ? 'must not be empty' : undefined) : check(value);
      if (rule === undefined) continue;
      problems.add({ file, line, column: name, value, rule });
      good = false;
    }
    return good ? { line, fields: order.map((position) => fields[position] ?? null) } : undefined;
  };
}
