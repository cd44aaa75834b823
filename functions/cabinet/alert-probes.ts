import type { Context, SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import type { Database } from '../core/database.ts';
import { InputError } from '../core/errors.ts';
import { type QueueRecord, readEvent } from '../core/events.ts';
import { parse } from '../core/input.ts';
import { createLog, type Log } from '../core/log.ts';
import { openEnvironment } from '../core/services.ts';
import { instant } from '../core/wire.ts';
import { ARRIVED, PROBE_TYPE } from './alert-message.ts';

/** What SNS puts around a message for a queue. */
const envelope = z.looseObject({
  MessageAttributes: z.looseObject({
    type: z.looseObject({ Value: z.literal(PROBE_TYPE) }),
    dedup_key: z.looseObject({ Value: z.string().regex(/^probe-\d{1,18}$/, 'must be the key of a probe') }),
  }),
});

const heard = z.strictObject({ sent: z.int(), arrived: z.int(), last_arrival: instant.nullable() });

/**
 * Records which probes of the alert path arrived; from the console it says how many did. Not lambdaHandler's: this function sends nothing, and without a
 * database it has no ledger to look into; what it cannot record comes back with the queue's visibility time-out.
 */
export async function handler(
  event: unknown,
  context: Context,
): Promise<SQSBatchResponse | z.infer<typeof heard>> {
  const log = createLog().with({ function: 'alert probes', requestId: context.awsRequestId });
  const read = readEvent(event);
  if (read.from === 'schedule') {
    throw new InputError([{ field: 'event', value: read.from, rule: 'must be messages of the probe queue' }]);
  }
  const { control } = await openEnvironment('alert probes');
  if (read.from === 'invoke') {
    parse(z.strictObject({}), read.input);
    const [told] = await control.sql(heard)`
      select count(sent_at)::integer as sent, count(arrived_at)::integer as arrived, max(arrived_at) as last_arrival from ops.alert_probes`;
    return told ?? { sent: 0, arrived: 0, last_arrival: null };
  }
  return recordArrivals(control, read.records, log);
}

export async function recordArrivals(
  database: Database,
  records: readonly QueueRecord[],
  log: Log,
): Promise<SQSBatchResponse> {
  const batchItemFailures: { itemIdentifier: string }[] = [];
  for (const { messageId, body } of records) {
    try {
      const key = keyOf(body);
      const recorded = await database.sql`
        update ops.alert_probes set arrived_at = clock_timestamp()
        where probe_id = ${key.slice('probe-'.length)}::bigint and arrived_at is null`;
      // Also when it was received before: what the alarm waits for is a sign that the path is open.
      log.info(ARRIVED, { key, again: recorded === 0 });
    } catch (error) {
      log.error('a probe was not recorded', { messageId, error });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
}

function keyOf(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new InputError([{ field: 'message', value: body.slice(0, 200), rule: 'must be JSON' }]);
  }
  return parse(envelope, value, 'message').MessageAttributes.dedup_key.Value;
}
