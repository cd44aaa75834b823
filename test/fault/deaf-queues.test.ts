/** SQS that takes nothing: what a sender is told, and how soon. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { sqsQueues } from '../../functions/core/queues.ts';
import { deafQueue } from '../support/deaf-queue.ts';

const silent = deafQueue('silent');
const refusing = deafQueue('refuses');
const client = new SQSClient({
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const message = { id: '1', job: 'toy.first', body: '{}' };

test('a queue that never answers is given up, and nothing counts as sent', async () => {
  const queues = sqsQueues({ 'toy.first': silent.url }, client, 50);
  await expect(queues.send([message])).rejects.toMatchObject({
    name: 'NotSentError',
    code: 'SQS',
    taken: new Map(),
    cause: { name: 'AbortError' },
  });
});

test('a queue that refuses a message in an answer of 200 has not taken it', async () => {
  const queues = sqsQueues({ 'toy.first': refusing.url }, client);
  await expect(queues.send([message])).rejects.toMatchObject({
    taken: new Map(),
    refusals: [{ code: 'InternalError', ids: ['1'] }],
  });
});

test('a queue that never answers does not hold up who puts a message off', async () => {
  const queues = sqsQueues({ 'toy.first': silent.url }, client, 50);
  await expect(queues.postpone(silent.url, 'receipt', 5)).rejects.toMatchObject({ code: 'SQS' });
});
