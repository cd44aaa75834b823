import type * as z from 'zod';
import { screens } from '../../../functions/api/collections/index.ts';
import { workerConfig } from '../../../functions/core/config.ts';
import { connect, type Database, type Sql, type SqlValue } from '../../../functions/core/database.ts';
import { createLog } from '../../../functions/core/log.ts';
import { eventOf } from './adapter.ts';

export interface Recorded {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

type Parameter = string | number | boolean | null;

/**
 * What the product's endpoints send to the database for each path, heard while they answer it once; nothing for a path
 * that they do not answer with 200, at this size.
 * @throws when an answer takes more than one statement
 */
export async function recordStatements(
  url: string,
  paths: readonly string[],
): Promise<Map<string, Recorded>> {
  const database = connect({ url, applicationName: 'bench recorder' });
  const log = createLog({ level: 'error', write: (line) => process.stderr.write(`${line.slice(0, 300)}\n`) });
  const recorded = new Map<string, Recorded>();
  try {
    for (const path of paths) {
      const heard: Recorded[] = [];
      const control: Database = { ...database, sql: listening(database.sql, heard) };
      const event = eventOf(path);
      const endpoint = screens.find(({ route }) => route === event.rawPath);
      const environment = { control, work: control, log, codeVersion: 'bench', config: workerConfig({}) };
      const answer = await endpoint?.handle(event, { environment, log });
      const [statement, ...more] = heard;
      if (more.length > 0) throw new Error(`${path}: ${heard.length} statements`);
      if (answer?.statusCode === 200 && statement !== undefined) recorded.set(path, statement);
    }
    return recorded;
  } finally {
    await database.close();
  }
}

function listening(sql: Sql, heard: Recorded[]): Sql {
  const hear = (strings: TemplateStringsArray, values: readonly SqlValue[]) =>
    heard.push({
      text: strings.reduce((before, after, index) => `${before}$${index}${after}`),
      parameters: values.map(scalar),
    });
  function handle<S extends z.ZodType>(
    schema: S,
  ): (strings: TemplateStringsArray, ...values: SqlValue[]) => Promise<z.output<S>[]>;
  function handle(strings: TemplateStringsArray, ...values: SqlValue[]): Promise<number>;
  function handle<S extends z.ZodType>(first: S | TemplateStringsArray, ...values: SqlValue[]) {
    if ('raw' in first) {
      hear(first, values);
      return sql(first, ...values);
    }
    return (strings: TemplateStringsArray, ...inner: SqlValue[]) => {
      hear(strings, inner);
      return sql(first)(strings, ...inner);
    };
  }
  return handle;
}

function scalar(value: SqlValue): Parameter {
  if (typeof value === 'bigint' || (typeof value === 'object' && value !== null)) {
    throw new Error('only scalars are sent by these endpoints');
  }
  return value;
}
