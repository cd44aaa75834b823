import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { ask } from '../cabinet/relation.ts';

const sealed = z.strictObject({
  seal_no: z.string().nullable(),
  entries: z.string(),
  head: z.string().nullable(),
  more: z.boolean(),
});

/** Seals what is new, as the jobs' role does. */
export async function seal(
  database: Pick<Database, 'sql'>,
  { dryRun = false, limit = 1_000_000 }: { dryRun?: boolean; limit?: number } = {},
): Promise<z.output<typeof sealed>> {
  const [row] = await database.sql(sealed)`
    select seal_no, entries, head, more from ops.seal_audit('test', ${dryRun}, ${limit}::bigint)`;
  if (row === undefined) throw new Error('a function with out parameters returned no row');
  return row;
}

/** What a verification finds, each as `ALTERED ops.decisions 17`, in order. */
export function findings(database: Pick<Database, 'transaction'>, head: string | null = null): Promise<string[]> {
  const anchor = head === null ? 'null' : `decode('${head}', 'hex')`;
  return ask(database, `select finding || ' ' || source || ' ' || key as found from ops.audit_findings(${anchor}) order by 1`);
}

/** As somebody who can do everything does it: with all triggers off. */
export async function tamper(admin: Database, statement: string): Promise<void> {
  await admin.transaction(async (sql) => {
    await sql.script(`set local session_replication_role = replica; ${statement}`);
  });
}
