import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { snsNotifier } from '../../../functions/core/notifications.ts';
import type { Stack } from '../../../infra/local/stack.ts';
import { att, ref } from './support/app.ts';
import { runApp } from './support/stack.ts';
import { subscribed } from './support/topics.ts';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:news';
const news = {
  Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'news', KmsMasterKeyId: 'alias/aws/sns' } },
};

/** As a person on this machine, or as one of the functions. */
const publish = (stack: Stack, attributes: Record<string, string>, accessKey = 'local') =>
  snsNotifier(TOPIC, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_SNS: stack.urls.sqs,
  }).publish({ subject: 'asunto', body: 'cuerpo: ñ', attributes });

const received = z.object({ Messages: z.array(z.looseObject({ Body: z.string() })).default([]) });
const bodies = async (stack: Stack, queue: string) =>
  received
    .parse(
      await stack.queues.call('ReceiveMessage', {
        QueueUrl: stack.queues.queue(queue).url,
        MaxNumberOfMessages: 10,
      }),
    )
    .Messages.map(({ Body }) => Body);

describe('a topic', () => {
  test('delivers to each queue what its filter lets through, in an envelope or raw', async () => {
    const stack = await runApp({
      resources: {
        ...news,
        ...subscribed('all', 'Topic'),
        ...subscribed('bad', 'Topic', { FilterPolicy: { severity: ['error'] } }),
        ...subscribed('others', 'Topic', {
          FilterPolicy: { type: [{ 'anything-but': ['PROBE'] }] },
          RawMessageDelivery: 'true',
        }),
      },
    });
    const id = await publish(stack, { type: 'PROBE', severity: 'info' });
    await publish(stack, { type: 'GAPS', severity: 'error' });
    expect(await bodies(stack, 'others')).toEqual(['cuerpo: ñ']);
    expect(await bodies(stack, 'bad')).toHaveLength(1);
    const all = (await bodies(stack, 'all')).map((body) => JSON.parse(body));
    expect(all).toHaveLength(2);
    expect(all.find(({ MessageId }) => MessageId === id)).toMatchObject({
      Type: 'Notification',
      TopicArn: TOPIC,
      Subject: 'asunto',
      Message: 'cuerpo: ñ',
      MessageAttributes: { type: { Type: 'String', Value: 'PROBE' } },
    });
    expect(
      stack.trail.all('topic.published').map(({ topic, attributes }) => [topic, attributes['type']]),
    ).toEqual([
      ['news', 'PROBE'],
      ['news', 'GAPS'],
    ]);
  });

  test('takes nothing from a function whose role does not allow it', async () => {
    const silent = 'export const handler = async () => {};';
    const stack = await runApp({
      functions: { speaker: silent, stranger: silent },
      functionProperties: { stranger: { Role: att('Other', 'Arn') } },
      resources: {
        ...news,
        ...subscribed('all', 'Topic'),
        Other: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
      },
    });
    await publish(stack, {}, 'local.speaker');
    await expect(publish(stack, {}, 'local.stranger')).rejects.toThrow(
      /AuthorizationError .*stranger is not authorized to perform: sns:Publish on resource: .*:news/,
    );
    expect(await bodies(stack, 'all')).toHaveLength(1);
  });

  test('sends no mail: who is told by mail is inert, with the reason', async () => {
    const stack = await runApp({
      resources: {
        ...news,
        Mail: {
          Type: 'AWS::SNS::Subscription',
          Properties: { Protocol: 'email', TopicArn: ref('Topic'), Endpoint: 'ana@example.com' },
        },
      },
    });
    expect(stack.inert).toContainEqual({
      id: 'app/Mail',
      type: 'AWS::SNS::Subscription',
      reason: expect.stringContaining('no mail leaves this machine'),
    });
    await publish(stack, {});
    expect(stack.trail.all('message.sent')).toEqual([]);
  });
});
