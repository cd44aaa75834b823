import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { PermanentError } from '../../../functions/core/errors.ts';
import type { TestDatabase } from '../../support/database.ts';
import { deliver, jobRunOf, services, startToy, toyJob, toyJobs } from '../../support/toy.ts';
import { ask } from '../cabinet/relation.ts';

const sealed = z.strictObject({
  seal_no: z.string().nullable(),
  entries: z.string(),
  head: z.string().nullable(),
  more: z.boolean(),
});
export type Sealed = z.output<typeof sealed>;

/** Seals what is new. */
export async function seal(
  database: Pick<Database, 'sql'>,
  { dryRun = false, limit = 1_000_000 }: { dryRun?: boolean; limit?: number } = {},
): Promise<Sealed> {
  const [row] = await database.sql(sealed)`
    select seal_no, entries, head, more from ops.seal_audit('test', ${dryRun}, ${limit}::bigint)`;
  if (row === undefined) throw new Error('a function with out parameters returned no row');
  return row;
}

/** What a verification finds, each as `ALTERED ops.decisions 17`, in order. */
export function findings(database: Pick<Database, 'transaction'>, head?: string | null): Promise<string[]> {
  const anchor = head == null ? 'null' : `decode('${head}', 'hex')`;
  return ask(
    database,
    `select finding || ' ' || source || ' ' || key as found from ops.audit_findings(${anchor}) order by 1`,
  );
}

/** What somebody does who can do everything: with all triggers off. */
export async function tamper(admin: Database, statement: string): Promise<void> {
  await admin.transaction(async (sql) => {
    await sql.script(`set local session_replication_role = replica; ${statement}`);
  });
}

/** A run of the toys, with a decision each; the second fails when asked to, and what needs it is skipped. */
export async function runToys(
  database: TestDatabase,
  asOf: string,
  { fails = false }: { fails?: boolean } = {},
): Promise<string> {
  const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
  try {
    const { runId } = await startToy(to.control, asOf, randomUUID());
    for (const name of fails ? ['toy.first', 'toy.second', 'toy.alert'] : toyJobs) {
      const toy = toyJob(name, async () => {
        if (fails && name === 'toy.second') throw new PermanentError('no', { code: 'NO' });
        return undefined;
      });
      await deliver(to, toy, await jobRunOf(database.admin, runId, name));
    }
    return runId;
  } finally {
    await Promise.all([to.work.close(), to.control.close()]);
  }
}

/** Its failed jobs are tried again, and all that is left goes well. */
export async function retryToys(database: TestDatabase, runId: string): Promise<void> {
  await database.admin.sql`select ops.retry_run(${runId}::uuid, 'somebody', 'mended')`;
  const to = services(database.connect('cuadre_jobs'), database.connect('cuadre_jobs'));
  try {
    await deliver(to, toyJob('toy.second'), await jobRunOf(database.admin, runId, 'toy.second'), {
      version: 2,
    });
    await deliver(to, toyJob('toy.third'), await jobRunOf(database.admin, runId, 'toy.third'));
  } finally {
    await Promise.all([to.work.close(), to.control.close()]);
  }
}
