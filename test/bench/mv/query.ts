import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { AS_OF } from '../claims/generate.ts';

/**
 * The queries of the two views that are worked out from tables, drivers and limbo: all columns of all rows worked out and thrown away: no row travels, none is written,
 * compared or indexed. As its owner would run it, under the settings that the jobs bring.
 * @returns a plan's lines for each; without times per node unless asked for, since taking those costs time
 */
export async function runQuery(admin: Database, timing: boolean): Promise<string[][]> {
  return admin.transaction(async (sql) => {
    await sql`
      select set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true)
      from (
        select unnest(s.setconfig) as setting from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
        where r.rolname = 'cuadre_jobs'
      ) settings
      where split_part(setting, '=', 1) <> 'statement_timeout'`;
    await sql`select set_config('cuadre.as_of', ${AS_OF}, true)`;
    const line = z.strictObject({ 'QUERY PLAN': z.string() });
    const plans = timing
      ? [
          await sql(
            line,
          )`explain (analyze, buffers, settings) select * from ops.v_cabinet_cobranza_enriched_14d`,
          await sql(line)`explain (analyze, buffers, settings) select * from ops.v_cabinet_limbo_standing`,
        ]
      : [
          await sql(
            line,
          )`explain (analyze, timing off, buffers off) select * from ops.v_cabinet_cobranza_enriched_14d`,
          await sql(
            line,
          )`explain (analyze, timing off, buffers off) select * from ops.v_cabinet_limbo_standing`,
        ];
    return plans.map((plan) => plan.map((each) => each['QUERY PLAN']));
  });
}

/** Rows that the topmost step of a plan gave. */
export function rowsOf([top = '']: readonly string[]): number {
  return Number(/\(actual (?:time=\S+ )?rows=(\d+)/.exec(top)?.[1] ?? Number.NaN);
}
