import * as z from 'zod';
import { ConflictError, type Undertaking } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { countUnsent, relay } from '../core/outbox.ts';
import { sqsQueues } from '../core/queues.ts';
import type { Environment } from '../core/services.ts';

/**
 * What a person sets going holds from its commit on: that SQS did not take its messages is said in the answer, and is no failure of
 * the request. A failure would keep the id back, and have the person ask again for what is there.
 */
export const sendingShape = {
  unsent: z
    .int()
    .min(0)
    .describe('Its messages that SQS did not take: what they begin waits for them. 0 when all is well.'),
  warning: z.string().nullable().describe('The same as a sentence, with what to do; null when all is well.'),
};

export type Sending = z.output<z.ZodObject<typeof sendingShape>>;

/** What a dry run says. */
export const nothingToSend: Sending = { unsent: 0, warning: null };

/** Sends what is due of what was committed, and says what is left of it. */
export async function sendDue(
  { control, config }: Environment,
  log: Log,
  of: Undertaking,
): Promise<Sending & { readonly sent: number }> {
  let sent = 0;
  try {
    // Where many runs begin: all that is due, as the sweeper sends it.
    const [only = null, ...others] = 'runs' in of ? of.runs : [];
    const relayed = await relay(control, sqsQueues(config.QUEUES), others.length === 0 ? only : null);
    sent = relayed.sent;
    if (relayed.refused === undefined) return { sent, ...nothingToSend };
  } catch (error) {
    log.error('messages were not sent', { of, error });
  }
  const unsent = await countUnsent(control.sql, of);
  return { sent, unsent, warning: unsent === 0 ? null : warningOf(unsent) };
}

/**
 * Does what `work` does. When that is refused for what was set going before, first sends what is due of that: perhaps whoever set it
 * going asks again because it does not begin.
 */
export async function orSendWhatWasBefore<T>(
  environment: Environment,
  log: Log,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConflictError) || error.before === undefined) throw error;
    const { warning } = await sendDue(environment, log, error.before);
    if (warning === null) throw error;
    throw new ConflictError(`${error.message}. ${warning}`, { code: error.code, cause: error });
  }
}

function warningOf(unsent: number): string {
  const messages = unsent === 1 ? '1 of its messages was' : `${unsent} of its messages were`;
  return `${messages} not sent, because SQS did not take them, and what they begin waits. Nothing is lost: POST /api/v1/sweep with {"dryRun": false} sends them (npm run ops -- sweep --go); else the sweeper does, within a minute while it knows of a run under way, otherwise once a day.`;
}
