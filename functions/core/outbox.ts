import * as z from 'zod';
import type { Database, Sql } from './database.ts';
import type { Undertaking } from './errors.ts';
import { NotSentError, type Refusal } from './not-sent.ts';
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
  /** What was not taken, and why; it stays due. */
  readonly refused: NotSentError | undefined;
}

/**
 * Sends the messages that committed transactions left in the outbox: of one run, or of all.
 * The rows stay locked while they are sent, so two senders share them. Stopping between SQS's answer and the
 * commit sends a message again, which its receiver recognises; stopping before loses nothing.
 */
export async function relay(database: Database, queues: Queues, runId: string | null): Promise<Relayed> {
  const refusals: Refusal[] = [];
  let cause: unknown;
  const taken = new Map<string, string>();
  /** Due still, although a round has had them: the next one meets them first, and must get beyond them. */
  const left = new Set<string>();
  for (let found = PER_ROUND; found >= PER_ROUND; ) {
    const { fresh, sent } = await database.transaction(async (sql) => {
      const rows = await sql(
        unsent,
      )`select outbox_id, job, message from ops.take_unsent(${runId}::uuid, ${PER_ROUND + left.size})`;
      const fresh = rows.filter(({ outbox_id }) => !left.has(outbox_id));
      // A queue that has refused a message is left alone until somebody comes back.
      const open = fresh.filter(({ job }) => !refusals.some((refusal) => refusal.job === job));
      return { fresh, sent: await send(sql, queues, open) };
    });
    found = fresh.length;
    for (const [id, receipt] of sent.taken) taken.set(id, receipt);
    for (const { outbox_id } of fresh) if (!taken.has(outbox_id)) left.add(outbox_id);
    refusals.push(...(sent.refused?.refusals ?? []));
    cause ??= sent.refused?.cause;
  }
  const refused = refusals.length === 0 ? undefined : new NotSentError(refusals, taken, cause);
  return { sent: taken.size, refused };
}

/**
 * The same for those who have somebody to come back: a queue's message, Lambda's retry.
 * @returns how many were sent
 * @throws NotSentError for what was not taken, once everything else has been sent and that is recorded
 */
export async function sendOutbox(database: Database, queues: Queues, runId: string | null): Promise<number> {
  const { sent, refused } = await relay(database, queues, runId);
  if (refused !== undefined) throw refused;
  return sent;
}

const counted = z.strictObject({ unsent: z.int() });

/** Messages due (ops.take_unsent) of the runs and of those that go on with them in a backfill, or of all the runs of one. */
export async function countUnsent(sql: Sql, of: Undertaking): Promise<number> {
  const runs = 'runs' in of ? of.runs : [];
  const backfill = 'backfill' in of ? of.backfill : null;
  const [row] = await sql(counted)`
    select count(*)::integer as unsent
    from ops.outbox o join ops.runs r using (run_id)
    where o.sent_at is null and not (o.message ? 'jobRunId' and coalesce(r.error ->> 'code' = 'CANCELLED', false)) and o.run_id in (
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
 * @throws NotSentError for what was not taken: whoever comes back for the run finds it in the outbox
 */
export async function sendCommitted(
  database: Database,
  queues: Queues,
  rows: readonly Unsent[],
): Promise<void> {
  const { refused } = await send(database.sql, queues, rows);
  if (refused !== undefined) throw refused;
}

interface Sent {
  readonly taken: ReadonlyMap<string, string>;
  readonly refused: NotSentError | undefined;
}

/** Sends, and records what was taken: also when that is not all. */
async function send(sql: Sql, queues: Queues, rows: readonly Unsent[]): Promise<Sent> {
  if (rows.length === 0) return { taken: new Map(), refused: undefined };
  const sent = await queues
    .send(rows.map((row) => ({ id: row.outbox_id, job: row.job, body: JSON.stringify(row.message) })))
    .then(
      (taken) => ({ taken, refused: withoutReceipt(rows, taken) }),
      (error: unknown) => {
        if (error instanceof NotSentError) return { taken: error.taken, refused: error };
        throw error;
      },
    );
  const ids = [...sent.taken.keys()];
  if (ids.length > 0) {
    await sql`select ops.mark_sent(${ids}::bigint[], ${ids.map((id) => sent.taken.get(id) ?? '')}::text[])`;
  }
  return sent;
}

/** Whoever sends must say what was not taken; what is neither taken nor refused must not pass for sent all the same. */
function withoutReceipt(
  rows: readonly Unsent[],
  taken: ReadonlyMap<string, string>,
): NotSentError | undefined {
  const missing = rows.filter(({ outbox_id }) => !taken.has(outbox_id));
  if (missing.length === 0) return undefined;
  const refusals = [...Map.groupBy(missing, ({ job }) => job)].map(([job, some]) => ({
    job,
    queueUrl: undefined,
    code: 'NO_RECEIPT',
    ids: some.map(({ outbox_id }) => outbox_id),
  }));
  return new NotSentError(refusals, taken);
}
