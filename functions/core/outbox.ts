import * as z from 'zod';
import type { Database, Sql } from './database.ts';
import type { Undertaking } from './errors.ts';
import type { Queues } from './queues.ts';

export const unsent = z.strictObject({
  outbox_id: z.string(),
  job: z.string(),
  message: z.record(z.string(), z.unknown()),
});

/** A message that a transaction has left to be sent. */
export type Unsent = z.output<typeof unsent>;

const PER_ROUND = 100;

/** What the transaction of `sql` has written, where what wrote it does not say so: to be sent once it has committed. */
export function ownUnsent(sql: Sql): Promise<Unsent[]> {
  return sql(unsent)`select outbox_id, job, message from ops.own_unsent()`;
}

/** What became of what was due. */
export interface Relayed {
  readonly sent: number;
  /** False where SQS took only a part: the rest stays due. */
  readonly all: boolean;
}

/**
 * Sends the messages that committed transactions left in the outbox: of one run, or of all.
 * The rows stay locked while they are sent, so two senders share them. Stopping between SQS's answer and the
 * commit sends a message again, which its receiver recognises; stopping before loses nothing.
 */
export async function relay(database: Database, queues: Queues, runId: string | null): Promise<Relayed> {
  for (let total = 0; ; ) {
    const { taken, sent } = await database.transaction(async (sql) => {
      const rows = await sql(
        unsent,
      )`select outbox_id, job, message from ops.take_unsent(${runId}::uuid, ${PER_ROUND})`;
      return { taken: rows.length, sent: await send(sql, queues, rows) };
    });
    total += sent;
    // A round that SQS refused in part ends here: the sweeper comes back for what is left.
    if (taken < PER_ROUND || sent < taken) return { sent: total, all: sent === taken };
  }
}

/** The same for those who leave the rest to the sweeper. @returns how many were sent */
export async function sendOutbox(database: Database, queues: Queues, runId: string | null): Promise<number> {
  return (await relay(database, queues, runId)).sent;
}

const counted = z.strictObject({ unsent: z.int() });

/** Messages due of the runs and of those that go on with them in a backfill, or of all the runs of one. */
export async function countUnsent(sql: Sql, of: Undertaking): Promise<number> {
  const runs = 'runs' in of ? of.runs : [];
  const backfill = 'backfill' in of ? of.backfill : null;
  const [row] = await sql(counted)`
    select count(*)::integer as unsent
    from ops.outbox o
    where o.sent_at is null and o.run_id in (
      select unnest(${runs}::uuid[])
      union all
      select unnest(array[d.run_id, d.refused_by])
      from ops.backfill_dates d
      where d.backfill_id = ${backfill}::uuid
         or d.backfill_id in (select its.backfill_id from ops.backfill_dates its where its.run_id = any (${runs}::uuid[])))`;
  if (row === undefined) throw new Error('a count returned no row');
  return row.unsent;
}

/**
 * Sends what this very process has just committed. Not locked, as nobody else looks for them but a sweeper that comes by
 * at this moment: it may send one of them as well, which its receiver recognises. Stopping anywhere leaves them to be sent.
 */
export async function sendCommitted(
  database: Database,
  queues: Queues,
  rows: readonly Unsent[],
): Promise<void> {
  await send(database.sql, queues, rows);
}

async function send(sql: Sql, queues: Queues, rows: readonly Unsent[]): Promise<number> {
  if (rows.length === 0) return 0;
  const receipts = await queues.send(
    rows.map((row) => ({ id: row.outbox_id, job: row.job, body: JSON.stringify(row.message) })),
  );
  const ids = [...receipts.keys()];
  await sql`select ops.mark_sent(${ids}::bigint[], ${ids.map((id) => receipts.get(id) ?? '')}::text[])`;
  return receipts.size;
}
