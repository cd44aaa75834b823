import { expect } from 'vitest';
import * as z from 'zod';
import type { Database, Transaction } from '../../../functions/core/database.ts';
import { ask } from './relation.ts';

/** What the checks that can fail or warn list, as `name | level | subject`. What asks a materialized view is not among it. */
export const offending = offendingOf(
  `l.level <> 'I' and l.source not in ('drivers', 'limbo') and l.name <> 'mv_as_of'`,
);

/** The same of some of the checks, by a condition on their list. */
export function offendingOf(condition: string): string {
  return `
    select v.name, l.level, e.value ->> 'subject'
    from ops.cabinet_check_values(null) v
    join ops.v_cabinet_check_list l using (name)
    cross join lateral jsonb_array_elements(v.examples) e
    where l.kind <> 'figures' and ${condition}
    order by 1, 3`;
}

/** Breaks something that cannot break from outside, asks, and takes it all back. */
export async function broken(
  admin: Database,
  breakage: string,
  query: string,
  asOf?: string,
): Promise<string[]> {
  let answer: string[] = [];
  const takenBack = admin.transaction(async (sql) => {
    await sql.script(breakage);
    answer = await ask(within(sql), query, asOf);
    throw new Error('taken back');
  });
  await expect(takenBack).rejects.toThrow('taken back');
  return answer;
}

/** The open transaction in the place of a database. */
const within = (sql: Transaction): Pick<Database, 'transaction'> => ({ transaction: (body) => body(sql) });

/** A statement that makes a view say something else in one column, for whoever reads it. */
export async function altered(
  admin: Database,
  view: string,
  column: string,
  expression: string,
): Promise<string> {
  const [found] = await admin.sql(
    z.strictObject({ columns: z.array(z.string()), type: z.string(), text: z.string() }),
  )`
    select array_agg(attname::text order by attnum) as columns,
           max(format_type(atttypid, atttypmod)) filter (where attname = ${column}) as type,
           rtrim(pg_get_viewdef(${view}::regclass), ';') as text
    from pg_attribute where attrelid = ${view}::regclass and attnum > 0 and not attisdropped`;
  if (found === undefined) throw new Error(`there is no view ${view}`);
  const columns = found.columns.map((name) =>
    name === column ? `(${expression})::${found.type} as ${name}` : name,
  );
  return `create or replace view ${view} as select ${columns.join(', ')} from (${found.text}) altered`;
}
