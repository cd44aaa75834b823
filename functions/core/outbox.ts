import * as z from 'zod';
import type { Database } from './database.ts';
import type { Queues } from './queues.ts';

const due = z.strictObject({
  outbox_id: z.string(),
  job: z.string(),
  message: z.record(z.string(), z.json()),
});

const PER_ROUND = 100;

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
        due,
      )`select outbox_id, job, message from ops.take_unsent(${runId}::uuid, ${PER_ROUND})`;
      if (rows.length === 0) return { taken: 0, sent: 0 };
      const receipts = await queues.send(
        rows.map((row) => ({ id: row.outbox_id, job: row.job, body: JSON.stringify(row.message) })),
      );
      const ids = [...receipts.keys()];
      await sql`select ops.mark_sent(${ids}::bigint[], ${ids.map((id) => receipts.get(id) ?? '')}::text[])`;
      return { taken: rows.length, sent: receipts.size };
    });
    total += sent;
    // A round that SQS refused in part ends here: the sweeper comes back for what is left.
    if (taken < PER_ROUND || sent < taken) return total;
  }
}
