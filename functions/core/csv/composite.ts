import type { CsvRecord } from './parser.ts';

/**
 * PostgreSQL's text for an array of composite values: `{"(2,abc,,\"with, comma\")","(3,...)"}`, where the first
 * field is the line. Inside a value an empty field is NULL, as in the files.
 */
export function compositeArray(records: readonly CsvRecord[]): string {
  return `{${records.map((record) => escaped(composite(record))).join(',')}}`;
}

function composite({ line, fields }: CsvRecord): string {
  return `(${[String(line), ...fields].map((field) => (field === null ? '' : quotedIfNeeded(field))).join(',')})`;
}

function quotedIfNeeded(field: string): string {
  return field === '' || /[(),"\\\s]/.test(field) ? escaped(field) : field;
}

function escaped(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
