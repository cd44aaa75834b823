import * as z from 'zod';
import { parse } from './input.ts';
import { lambdaHandler } from './lambda.ts';
import { sendOutbox } from './outbox.ts';
import { sqsQueues } from './queues.ts';

const asked = z.strictObject({ dryRun: z.boolean().default(true) });
const waiting = z.strictObject({ due: z.int() });

/** The net under the outbox: sends what a worker committed and was cut off before sending. Harmless at any time. */
export const handler = lambdaHandler('relay', async (event, { environment, log }) => {
  const dryRun = event.from === 'invoke' && parse(asked, event.input).dryRun;
  const [count] = await environment.control.sql(
    waiting,
  )`select count(*)::integer as due from ops.outbox where sent_at is null`;
  const due = count?.due ?? 0;
  const sent =
    dryRun || due === 0
      ? 0
      : await sendOutbox(environment.control, sqsQueues(environment.config.QUEUES), null);
  log.info('outbox relayed', { due, sent, dryRun });
  return { due, sent, dryRun };
});
