import * as z from 'zod';
import type { Sql } from '../core/database.ts';

/**
 * Brings the planner's figures up for tables of which this transaction changed a large share, and for no others. To be
 * called after the writes and before what reads them.
 * @param changed rows inserted, updated and deleted, by table
 */
export async function analyzeChanged(sql: Sql, changed: Readonly<Record<string, number>>): Promise<string[]> {
  const rows = await sql(z.strictObject({ name: z.string() }))`
    select c.name
    from unnest(${Object.keys(changed)}::text[], ${Object.values(changed)}::bigint[]) c (name, changed)
    where ops.analyze_changed(c.name::regclass, c.changed)`;
  return rows.map(({ name }) => name);
}
