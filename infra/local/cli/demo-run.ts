import * as z from 'zod';
import { connect } from '../../../functions/core/database.ts';
import type { Stack } from '../stack.ts';
import type { Trailed } from '../trail.ts';
import { type Decision, readDecisions } from './decisions.ts';

const jobRun = z.looseObject({
  job_run_id: z.guid(),
  job: z.string(),
  status: z.string(),
  report: z.record(z.string(), z.json()).nullable(),
  error: z.json(),
});

const document = z.looseObject({
  run_id: z.guid(),
  status: z.enum(['running', 'succeeded', 'failed']),
  error: z.json(),
  jobs: z.array(jobRun),
});

export interface DemoRun {
  readonly document: z.infer<typeof document>;
  /** Of each job, by name. */
  readonly decisions: ReadonlyMap<string, readonly Decision[]>;
  /** What happened in the stack meanwhile. */
  readonly trail: readonly Trailed[];
}

/** Long enough for a million leads; a run that fails is over at once. */
const PATIENCE_MS = 30 * 60_000;

/** Triggers a run and waits until the ledger says that it is over, looking whenever a function has ended. */
export async function awaitRun(stack: Stack, trigger: () => Promise<void>): Promise<DemoRun> {
  const database = connect({ url: stack.databaseAs('cuadre_reader'), applicationName: 'cuadre demo' });
  const known = z.strictObject({ runs: z.array(z.guid()) });
  try {
    const [before] = await database.sql(known)`select array(select run_id from ops.runs)::text[] as runs`;
    const from = stack.trail.position;
    await trigger();
    for (let after = from; ; ) {
      const ended = await stack.trail.waitFor('function.ended', () => true, {
        after,
        timeoutMs: PATIENCE_MS,
      });
      after = ended.sequence;
      const [run] = await database.sql(z.strictObject({ document }))`
        select document from ops.v_run_documents
        where run_id in (select run_id from ops.runs where not run_id = any (${before?.runs ?? []}::uuid[]))`;
      if (run === undefined || run.document.status === 'running') continue;
      // The last message is deleted after its function has ended.
      if (run.document.status === 'succeeded')
        await stack.trail.waitFor('message.deleted', () => true, { after });
      const decisions = await Promise.all(
        run.document.jobs.map(
          async (each) => [each.job, await readDecisions(database, each.job_run_id)] as const,
        ),
      );
      const trail = stack.trail.events.filter(({ sequence }) => sequence > from);
      return { document: run.document, decisions: new Map(decisions), trail };
    }
  } finally {
    await database.close();
  }
}
