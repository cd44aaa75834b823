import { describe, expect, test } from 'vitest';
import type { Stack } from '../../../infra/local/stack.ts';
import { queues } from './support/app.ts';
import { runApp, send } from './support/stack.ts';

/** As Debian's AWS CLI and boto3 call SQS: a form in, XML out. */
async function call(
  stack: Stack,
  parameters: Record<string, string>,
): Promise<{ status: number; xml: string }> {
  const response = await fetch(stack.urls.sqs, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams({ Version: '2012-11-05', ...parameters }),
  });
  return { status: response.status, xml: await response.text() };
}

const named = (name: string, xml: string) =>
  [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map((match) => match[1]);

describe('the protocol of SQS before 2023', () => {
  test('lists queues', async () => {
    const stack = await runApp({ resources: queues('jobs', 3) });
    const { status, xml } = await call(stack, { Action: 'ListQueues' });
    expect(status).toBe(200);
    expect(xml).toMatch(/^<ListQueuesResponse xmlns="[^"]+"><ListQueuesResult>/);
    expect(named('QueueUrl', xml)).toEqual([
      `${stack.urls.sqs}/000000000000/jobs`,
      `${stack.urls.sqs}/000000000000/jobs-dlq`,
    ]);
  });

  test('sends, receives and deletes, with the markup in bodies escaped', async () => {
    const stack = await runApp({ resources: queues('jobs', 3) });
    const QueueUrl = stack.queues.queue('jobs').url;
    const sent = await call(stack, { Action: 'SendMessage', QueueUrl, MessageBody: '<a & "b">' });
    const received = await call(stack, { Action: 'ReceiveMessage', QueueUrl, 'AttributeName.1': 'All' });
    expect(named('MessageId', received.xml)).toEqual(named('MessageId', sent.xml));
    expect(named('Body', received.xml)).toEqual(['&lt;a &amp; "b"&gt;']);
    expect(received.xml).toContain('<Name>ApproximateReceiveCount</Name><Value>1</Value>');
    const [ReceiptHandle = ''] = named('ReceiptHandle', received.xml);
    await call(stack, { Action: 'DeleteMessage', QueueUrl, ReceiptHandle });
    const counted = await call(stack, {
      Action: 'GetQueueAttributes',
      QueueUrl,
      'AttributeName.1': 'ApproximateNumberOfMessages',
      'AttributeName.2': 'ApproximateNumberOfMessagesNotVisible',
    });
    expect(named('Value', counted.xml)).toEqual(['0', '0']);
  });

  test('refuses as the service does, and by name what it cannot carry', async () => {
    const stack = await runApp({ resources: queues('jobs', 3) });
    await send(stack, 'jobs', 'x');
    const missing = await call(stack, { Action: 'GetQueueUrl', QueueName: 'nowhere' });
    expect([missing.status, named('Code', missing.xml)]).toEqual([400, ['QueueDoesNotExist']]);
    const structured = await call(stack, {
      Action: 'SendMessage',
      QueueUrl: stack.queues.queue('jobs').url,
      MessageBody: 'x',
      'MessageAttribute.1.Name': 'COLOUR',
    });
    expect(structured.status).toBe(400);
    expect(structured.xml).toContain('MessageAttribute.1.Name is not played here');
    expect(stack.trail.all('message.sent')).toHaveLength(1);
  });
});
