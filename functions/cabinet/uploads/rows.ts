/** One row of a file against its dataset's columns: taken, or rejected with everything that is wrong with it. */
import type { CsvRecord } from '../../core/csv/parser.ts';
import type { Problem } from '../../core/errors.ts';
import type { Dataset } from './datasets.ts';

export interface Reject {
  readonly line: number;
  /** null: the row as a whole. */
  readonly field: string | null;
  readonly value: string | null;
  readonly rule: string;
}

/** A row in the order of the dataset's columns, or why it is none. */
export type Judged = { readonly row: CsvRecord } | { readonly rejects: readonly Reject[] };

/** What is wrong with a header: columns that it lacks, has twice, or that the dataset does not know. */
export function headerProblems(header: readonly string[], { name, columns }: Dataset): Problem[] {
  const known = columns.map((column) => column.name);
  const unknown = header.filter((column) => !known.includes(column));
  const twice = header.filter(
    (column, index) => header.indexOf(column) === index && header.lastIndexOf(column) > index,
  );
  const missing = columns.filter((column) => column.needs !== undefined && !header.includes(column.name));
  return [
    ...missing.map((column) => ({
      field: `file.header.${column.name}`,
      value: undefined,
      rule: `is a column that a ${name} file must have`,
    })),
    ...unknown.slice(0, MOST_PROBLEMS).map((column) => ({
      field: 'file.header',
      value: column.slice(0, 100),
      rule: `is not a column of a ${name} file: these are ${known.join(', ')}`,
    })),
    ...twice
      .filter((column) => known.includes(column))
      .map((column) => ({
        field: `file.header.${column}`,
        value: column,
        rule: 'must be there once',
      })),
  ];
}

const MOST_PROBLEMS = 20;

/** @param header its names, known to be good */
export function rowJudge(
  header: readonly string[],
  { columns, oneOf = [] }: Dataset,
): (record: CsvRecord) => Judged {
  const places = columns.map(({ name }) => header.indexOf(name));
  const choices = oneOf.map((name) => header.indexOf(name)).filter((place) => place !== -1);
  return ({ line, fields }) => {
    if (fields.length !== header.length) {
      const rule = `the row must have ${header.length} fields, it has ${fields.length}`;
      return { rejects: [{ line, field: null, value: null, rule }] };
    }
    const rejects: Reject[] = [];
    const taken = columns.map(({ name, cell, needs }, index) => {
      const value = fields[places[index] ?? -1] ?? '';
      // NULL and the empty text are one thing in these files: their writers do not tell them apart.
      if (value === '') {
        if (needs === 'filled') rejects.push({ line, field: name, value: null, rule: 'must not be empty' });
        return null;
      }
      const text = cell.take(value);
      if (text === undefined) rejects.push({ line, field: name, value, rule: cell.rule });
      return text ?? null;
    });
    if (choices.length > 0 && choices.every((place) => (fields[place] ?? '').trim() === '')) {
      rejects.push({ line, field: oneOf.join(', '), value: null, rule: 'one of these must not be empty' });
    }
    return rejects.length === 0 ? { row: { line, fields: taken } } : { rejects };
  };
}
