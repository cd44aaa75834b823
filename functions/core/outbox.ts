import * as z from 'zod';
import type { Database, Sql } from './database.ts';
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

/**
 * Sends the messages that committed transactions left in the outbox: of one run, or of all.
 * The rows stay locked while they are sent, so two senders share them. Stopping between SQS's answer and the
 * commit sends a message again, which its receiver recognises; stopping before loses nothing.
 * @returns how many were sent
 */
export async function sendOutbox(database: Database, queues: Queues, runId: string | null): Promise<number> {
  for (let total = 0; ; ) {
    const { taken, sent } = await database.transaction(async (sql) => {
      const rows = await sql(
        unsent,
      )`select outbox_id, job, message from ops.take_unsent(${runId}::uuid, ${PER_ROUND})`;
      return { taken: rows.length, sent: await send(sql, queues, rows) };
    });
    total += sent;
    // A round that SQS refused in part ends here: the sweeper comes back for what is left.
    if (taken < PER_ROUND || sent < taken) return total;
  }
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
