import { lambdaHandler } from './lambda.ts';
import { sendOutbox } from './outbox.ts';
import { sqsQueues } from './queues.ts';

/** The net under the outbox: sends what a worker committed and was cut off before sending. Harmless at any time. */
export const handler = lambdaHandler('relay', async (_event, { environment, log }) => {
  const sent = await sendOutbox(environment.control, sqsQueues(environment.config.QUEUES), null);
  log.info('outbox relayed', { sent });
  return { sent };
});
