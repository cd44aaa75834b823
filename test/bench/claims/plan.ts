import * as z from 'zod';
import { judgeGaps } from '../../../functions/cabinet/claims-statement.ts';
import type { Database, Sql, SqlValue } from '../../../functions/core/database.ts';
import { AS_OF } from './generate.ts';
import { start } from './job.ts';

const line = z.strictObject({ 'QUERY PLAN': z.string() });

/** The statement's plan with its times and buffers: it is run, and rolled back. */
export async function explain(jobs: Database, limit: number): Promise<string> {
  const { jobRunId } = await start(jobs, 'cabinet.claims-reconcile', { asOf: AS_OF });
  const plan: string[] = [];
  const rollBack = new Error('the plan is known');
  await jobs
    .transaction(async (sql) => {
      await sql`select set_config('cuadre.as_of', ${AS_OF}, true)`;
      const selection = { cutoff: null, limit, onlyMilestone: null, weekStart: null, after: null };
      await judgeGaps(explaining(sql, plan), jobRunId, false, selection).catch(() => undefined);
      throw rollBack;
    })
    .catch((error: unknown) => {
      if (error !== rollBack) throw error;
    });
  return `${plan.join('\n')}\n`;
}

/** Asks for the plan of the statement that it is given and answers with no row. */
function explaining(sql: Sql, plan: string[]): Sql {
  const asked = (strings: TemplateStringsArray): TemplateStringsArray => {
    const texts = strings.map((text, index) =>
      index === 0 ? `explain (analyze, buffers, settings) ${text}` : text,
    );
    return Object.assign(texts, { raw: texts });
  };
  function handle<S extends z.ZodType>(
    schema: S,
  ): (strings: TemplateStringsArray, ...values: SqlValue[]) => Promise<z.output<S>[]>;
  function handle(strings: TemplateStringsArray, ...values: SqlValue[]): Promise<number>;
  function handle<S extends z.ZodType>(first: S | TemplateStringsArray, ...values: SqlValue[]) {
    if ('raw' in first) return sql(first, ...values);
    return async (strings: TemplateStringsArray, ...inner: SqlValue[]): Promise<z.output<S>[]> => {
      const rows = await sql(line)(asked(strings), ...inner);
      plan.push(...rows.map((row) => row['QUERY PLAN']));
      return [];
    };
  }
  return handle;
}
