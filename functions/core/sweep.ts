import * as z from 'zod';
import type { Database } from './database.ts';
import { carryOn, sweepRuns } from './ledger.ts';
import { sendOutbox } from './outbox.ts';
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
 */
export async function sweep(control: Database, queues: Queues, schedule: SweepSchedule): Promise<Swept> {
  const first = await sweepOnce(control, queues);
  if (first.active > 0) {
    await schedule.enable();
    return first;
  }
  if (!(await schedule.disable())) return first;
  const second = await sweepOnce(control, queues);
  if (second.active > 0) await schedule.enable();
  return {
    requeued: first.requeued + second.requeued,
    given_up: first.given_up + second.given_up,
    resent: first.resent + second.resent,
    closed: first.closed + second.closed,
    sent: first.sent + second.sent,
    released: first.released + second.released,
    started: first.started + second.started,
    active: second.active,
  };
}

/** Without the schedule: a person's pass. `active` counts what there is to come back for. */
export async function sweepOnce(control: Database, queues: Queues): Promise<Swept> {
  // Before the runs are counted: what this begins is under way.
  const { released, redrives, started, backfills } = await carryOn(control.sql);
  const swept = await sweepRuns(control.sql, MAX_TRIES);
  const sent = await sendOutbox(control, queues, null);
  return { ...swept, active: swept.active + redrives + backfills, sent, released, started };
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
      (select count(*)::integer from ops.outbox where sent_at is null) as unsent,
      (select count(*)::integer from ops.redrives where status = 'running') as redrives,
      (select count(*)::integer from ops.backfills where status = 'running') as backfills`;
  if (row === undefined) throw new Error('a select without a from clause returned no row');
  return row;
}
