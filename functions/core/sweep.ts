import * as z from 'zod';
import type { Database } from './database.ts';
import { carryOn, sweepRuns } from './ledger.ts';
import { relay } from './outbox.ts';
import type { Queues } from './queues.ts';
import { MAX_TRIES } from './retry.ts';
import type { SweepSchedule } from './sweep-schedule.ts';

export type Swept = Awaited<ReturnType<typeof sweepRuns>> & {
  /** Messages that a crash left in the outbox, and those of what was queued again. */
  readonly sent: number;
  /** Runs that a redrive took up again, and dates that a backfill began. */
  readonly released: number;
  readonly started: number;
};

/**
 * Brings back what nobody else does, and keeps itself going while a run is under way. To stop, it first switches its
 * schedule off and then looks again: a run that began in between is seen, or its own wake-up comes a minute later.
 * @throws what kept messages from being sent, once all else is done
 */
export async function sweep(control: Database, queues: Queues, schedule: SweepSchedule): Promise<Swept> {
  const first = await pass(control, queues);
  if (first.active > 0) {
    await schedule.enable();
    return toldOf(first);
  }
  if (!(await schedule.disable())) return toldOf(first);
  const second = await pass(control, queues);
  if (second.active > 0) await schedule.enable();
  return toldOf({
    requeued: first.requeued + second.requeued,
    given_up: first.given_up + second.given_up,
    resent: first.resent + second.resent,
    closed: first.closed + second.closed,
    sent: first.sent + second.sent,
    released: first.released + second.released,
    started: first.started + second.started,
    active: second.active,
    trouble: first.trouble ?? second.trouble,
  });
}

/**
 * Without the schedule: a person's pass. `active` counts what there is to come back for.
 * @throws what kept messages from being sent, unless some were: then the others are in the log
 */
export async function sweepOnce(control: Database, queues: Queues): Promise<Swept> {
  const passed = await pass(control, queues);
  return passed.sent > 0 ? withoutTrouble(passed) : toldOf(passed);
}

/** `trouble` is what kept messages from being sent. */
type Passed = Swept & { readonly trouble: unknown };

async function pass(control: Database, queues: Queues): Promise<Passed> {
  // Before the runs are counted: what this begins is under way.
  const { released, redrives, started, backfills } = await carryOn(control.sql);
  const swept = await sweepRuns(control.sql, MAX_TRIES);
  // One message that cannot be sent must not keep the sweeper from coming again, or from looking after the schedules.
  const { sent, refused } = await relay(control, queues, null).catch((error: unknown) => ({
    sent: 0,
    refused: error,
  }));
  return { ...swept, active: swept.active + redrives + backfills, sent, released, started, trouble: refused };
}

function withoutTrouble({ trouble: _told, ...swept }: Passed): Swept {
  return swept;
}

function toldOf(passed: Passed): Swept {
  if (passed.trouble !== undefined) throw passed.trouble;
  return withoutTrouble(passed);
}

const waiting = z.strictObject({
  active: z.int(),
  silent: z.int(),
  unsent: z.int(),
  redrives: z.int(),
  backfills: z.int(),
});

/** What there is to sweep; changes nothing. */
export async function wouldSweep(control: Database): Promise<z.infer<typeof waiting>> {
  const [row] = await control.sql(waiting)`
    select
      (select count(*)::integer from ops.runs where status = 'running') as active,
      (select count(*)::integer from ops.job_runs j left join ops.heartbeats h using (job_run_id)
       where j.status = 'running' and j.shards is null and coalesce(h.beat_at < clock_timestamp() - ops.lease(), true)) as silent,
      (select count(*)::integer from ops.outbox o join ops.runs r using (run_id)
       where o.sent_at is null and not (o.message ? 'jobRunId' and coalesce(r.error ->> 'code' = 'CANCELLED', false))) as unsent,
      (select count(*)::integer from ops.redrives where status = 'running') as redrives,
      (select count(*)::integer from ops.backfills where status = 'running') as backfills`;
  if (row === undefined) throw new Error('a select without a from clause returned no row');
  return row;
}
