import type * as z from 'zod';
import { PermanentError } from '../errors.ts';
import type { RowsTag, Sql, SqlScalar, SqlValue } from './types.ts';

export interface Statement {
  readonly text: string;
  /** PostgreSQL's text form; null is NULL. */
  readonly parameters: readonly (string | null)[];
  /** The simple protocol: several statements, no parameters, no rows. */
  readonly script: boolean;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Reply {
  readonly rows: readonly Row[];
  readonly count: number;
  /** The server's command tag without counts: `INSERT`, `COMMIT`. */
  readonly command: string;
}

/** A value already written as JSON text: what `json()` returns. */
export class Json {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A parameter of type json or jsonb. Amounts inside it must be strings: jsonb's numbers come back as floats. */
export function json(value: unknown): Json {
  const text = JSON.stringify(value);
  if (text === undefined) {
    throw new PermanentError(`${typeof value} has no JSON form`, { code: 'PARAMETER' });
  }
  return new Json(text);
}

/** Text as it is. Not prepared: `savepoint s7` would stay on the server for the session's life. */
export function command(text: string): Statement {
  return { text, parameters: [], script: true };
}

/** The first words, for messages. Parameters are $1, $2... in it, so it shows no data. */
export function headOf({ text }: Statement): string {
  const words = text.trim().replace(/\s+/g, ' ');
  return words.length > 80 ? `${words.slice(0, 79)}…` : words;
}

/**
 * The two ways to call it, over whatever runs a statement. `adopt` sees each promise before the caller does:
 * a transaction uses it to hear of failures that its body ignores.
 */
export function makeSql(
  execute: (statement: Statement) => Promise<Reply>,
  adopt: <T>(promise: Promise<T>) => Promise<T>,
): Sql {
  async function effect(strings: TemplateStringsArray, values: readonly SqlValue[]): Promise<number> {
    return (await execute(toStatement(strings, values))).count;
  }

  async function rows<S extends z.ZodType>(
    schema: S,
    strings: TemplateStringsArray,
    values: readonly SqlValue[],
  ) {
    const statement = toStatement(strings, values);
    const reply = await execute(statement);
    return reply.rows.map((row, index) => parseRow(schema, row, index, statement));
  }

  function sql<S extends z.ZodType>(schema: S): RowsTag<S>;
  function sql(strings: TemplateStringsArray, ...values: SqlValue[]): Promise<number>;
  function sql<S extends z.ZodType>(first: S | TemplateStringsArray, ...values: SqlValue[]) {
    if (isTemplate(first)) return adopt(effect(first, values));
    return (strings: TemplateStringsArray, ...inner: SqlValue[]) => adopt(rows(first, strings, inner));
  }
  return sql;
}

/** By its shape: naming zod's class here would put all of zod (375 KB) into every bundle. */
function isTemplate(first: z.ZodType | TemplateStringsArray): first is TemplateStringsArray {
  return 'raw' in first;
}

function toStatement(strings: TemplateStringsArray, values: readonly SqlValue[]): Statement {
  const text = strings.reduce((before, after, index) => `${before}$${index}${after}`);
  const statement = { text, parameters: [], script: false };
  return { ...statement, parameters: values.map((value, index) => encode(value, index, statement)) };
}

function encode(value: SqlValue, index: number, statement: Statement): string | null {
  if (value === null) return null;
  if (value instanceof Json) return value.text;
  if (typeof value === 'object' && Array.isArray(value)) {
    return `{${value.map((element: SqlScalar) => encodeElement(encode(element, index, statement))).join(',')}}`;
  }
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      if (Number.isFinite(value)) return String(value);
  }
  const given = value === undefined ? 'undefined: pass null' : `${kindOf(value)}: pass a string`;
  throw new PermanentError(`parameter $${index + 1} of "${headOf(statement)}" is ${given}`, {
    code: 'PARAMETER',
  });
}

/** Not its text: a parameter's value stays out of messages. */
function kindOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return value instanceof Object ? `a ${value.constructor.name}` : `a ${typeof value}`;
}

function encodeElement(text: string | null): string {
  return text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function parseRow<S extends z.ZodType>(
  schema: S,
  row: Row,
  index: number,
  statement: Statement,
): z.output<S> {
  const result = schema.safeParse(row);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    if (issue.path.length === 0) return issue.message;
    const value = issue.path.reduce<unknown>((at, key) => (isRecord(at) ? at[String(key)] : undefined), row);
    return `${issue.path.join('.')}: ${issue.message}, got ${excerpt(value)}`;
  });
  throw new PermanentError(`row ${index + 1} of "${headOf(statement)}": ${problems.join('; ')}`, {
    code: 'ROW_SHAPE',
    cause: result.error,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
