import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFailed, onTestFinished } from 'vitest';
import * as z from 'zod';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { connect, type Database } from '../../functions/core/database.ts';
import { awaitRun, type DemoRun } from '../../infra/local/cli/demo-run.ts';
import {
  type LocalStackOptions,
  load,
  startLocalStack,
  synthesize,
} from '../../infra/local/cli/local-stack.ts';
import { scheduledTimeOn } from '../../infra/local/cli/scheduled-time.ts';
import { VirtualClock } from '../../infra/local/clock.ts';
import type { Stack } from '../../infra/local/stack.ts';
import type { Kind } from '../../infra/local/trail.ts';
import { goldenDirectory } from './database.ts';

export const AS_OF = '2026-01-13';

export interface Night {
  readonly stack: Stack;
  readonly clock: VirtualClock;
  /** The superuser, who looks and interferes. */
  readonly admin: Database;
  /** Another session of the superuser, to hold locks with. */
  readonly holder: Database;
  /** Fires the schedule and waits until the run is over; `meanwhile` goes on beside it. */
  run(meanwhile?: (night: Night) => Promise<void>): Promise<DemoRun>;
}

/** The synthesized app in a directory of its own; remove it when done. */
export async function synthesized(): Promise<{ assembly: string; remove: () => Promise<void> }> {
  const assembly = await mkdtemp(join(tmpdir(), 'cuadre-assembly-'));
  await synthesize(assembly);
  return { assembly, remove: () => rm(assembly, { recursive: true, force: true }) };
}

/** The whole stack with the golden data, on a clock that the test moves; stopped when the test is over. */
export async function startNight(options: LocalStackOptions): Promise<Night> {
  const clock = new VirtualClock().install();
  onTestFinished(() => clock.restore());
  const stack = await startLocalStack({ ...options, clock });
  onTestFinished(() => stack.stop());
  onTestFailed(() => console.error(stack.trail.tell(60)));
  await load(stack, goldenDirectory);
  const asSuperuser = () => {
    const database = connect({ url: stack.databaseAs('postgres'), applicationName: 'test' });
    onTestFinished(() => database.close());
    return database;
  };
  const admin = asSuperuser();
  const night: Night = {
    stack,
    clock,
    admin,
    holder: asSuperuser(),
    async run(meanwhile = async () => {}) {
      let interfering: Promise<void> = Promise.resolve();
      const ran = await awaitRun(stack, async () => {
        interfering = meanwhile(night);
        const name = `cuadre-${cabinetDaily.name}`;
        stack.fireSchedule(name, scheduledTimeOn(cabinetDaily.schedule, AS_OF), {
          input: {
            'cabinet.leads-reconcile': { repairEvents: false },
            'cabinet.claims-reconcile': { limit: 100 },
          },
        });
      });
      await interfering;
      return ran;
    },
  };
  return night;
}

/**
 * Until the queues are empty and no function runs. A copy that came while the first was at work has been put off:
 * the time until it comes back is made to pass.
 */
export async function settled({ stack: { trail }, clock }: Night): Promise<void> {
  const count = (kind: Kind) => trail.all(kind).length;
  for (;;) {
    // Not by what was received: whoever is overtaken by his message's time-out deletes nothing, and the next one does.
    const busy = count('function.invoked') > count('function.ended');
    if (!busy && count('message.sent') === count('message.deleted')) return;
    const next = Promise.withResolvers<void>();
    const unsubscribe = trail.subscribe(() => next.resolve());
    // Past the pause of a copy that was put off, 600 s, and short of every visibility time-out: functions take machine
    // time, and a message must not come back while one is still at it.
    if (!busy) await clock.advance(601_000);
    await next.promise;
    unsubscribe();
  }
}

/** Until the probe of the alerts' path has arrived and no function runs: what is still to come waits for the clock. */
export async function atRest({ stack: { trail } }: Night): Promise<void> {
  const count = (kind: Kind) => trail.all(kind).length;
  const arrived = () => trail.all('message.deleted').some(({ queue }) => queue === 'cuadre-alert-probes');
  while (count('function.invoked') > count('function.ended') || !arrived()) {
    const next = Promise.withResolvers<void>();
    const unsubscribe = trail.subscribe(() => next.resolve());
    await next.promise;
    unsubscribe();
  }
}

const line = z.strictObject({ line: z.string() });

/** What a night leaves behind, apart from ids and times (a refresh and a validation tell how long things took): claims, decisions, job runs, run, and what a walk over the audit trail finds. */
export async function remains({ admin }: Night): Promise<readonly string[]> {
  const rows = await admin.sql(line)`
    select concat_ws(' ', 'claim', lead_source_pk, person_key, driver_id, lead_date, milestone, amount_expected, status, rule_id) as line
    from canon.claims_yango_cabinet_14d
    union all
    select concat_ws(' ', 'decision', j.job, d.subject, d.decision, d.reason, d.detail, case when j.job <> 'cabinet.mv-refresh' then d.evidence - 'claim_id' - 'examples' end)
    from ops.decisions d join ops.job_runs j using (job_run_id)
    union all
    select concat_ws(' ', 'job', job, status, findings, case job when 'cabinet.mv-refresh' then null when 'cabinet.validation' then (report::jsonb - array['checks', 'performance'])::text else report::text end)
    from ops.job_runs
    union all
    select concat_ws(' ', 'run', pipeline, as_of, status, findings) from ops.runs
    union all
    select concat_ws(' ', 'finding', finding, source, detail) from ops.audit_findings(null)
    order by 1`;
  return rows.map((row) => row.line);
}

export async function attemptsOf({ admin }: Night, job: string): Promise<string[]> {
  const rows = await admin.sql(line)`
    select concat_ws(' ', a.attempt, a.status) as line
    from ops.attempts a join ops.job_runs j using (job_run_id) where j.job = ${job} order by a.attempt`;
  return rows.map((row) => row.line);
}

/** A claim that the undisturbed night inserts, by its key. */
export const contested = z.object({
  person_key: z.uuid(),
  lead_date: z.iso.date(),
  milestone: z.int(),
  lead_source_pk: z.string(),
});

/**
 * Somebody else is about to insert one of the claims: the job's statement waits for him in the middle of its
 * inserts. `interfere` does its harm to the waiting backend; then the other one takes his claim back.
 */
export async function inTheMiddleOfTheClaims(
  { admin, holder }: Night,
  claim: z.infer<typeof contested>,
  interfere: (backend: number) => Promise<void>,
): Promise<void> {
  const waiting = z.strictObject({ pid: z.int() });
  const { person_key, lead_date, milestone, lead_source_pk } = claim;
  const takenBack = new Error('taken back');
  const other = holder.transaction(async (sql) => {
    await sql`
      insert into canon.claims_yango_cabinet_14d (person_key, lead_source_pk, lead_date, milestone, amount_expected)
      values (${person_key}::uuid, ${lead_source_pk}, ${lead_date}::date, ${milestone}::integer, 1)`;
    for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
      const [backend] = await admin.sql(waiting)`
        select pid from pg_stat_activity
        where application_name like '%claims-reconcile work' and wait_event_type = 'Lock'`;
      if (backend === undefined) continue;
      await interfere(backend.pid);
      throw takenBack;
    }
    throw new Error('the claims job did not get as far as its inserts');
  });
  await other.catch((error: unknown) => {
    if (error !== takenBack) throw error;
  });
}
