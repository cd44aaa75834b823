import type { Resources } from './app.ts';
import { att, ref } from './app.ts';

/** A queue that hears of a topic, and lets it in. */
export function subscribed(logicalId: string, topic: string, properties: object = {}): Resources {
  return {
    [logicalId]: { Type: 'AWS::SQS::Queue', Properties: { QueueName: logicalId } },
    [`${logicalId}Policy`]: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [ref(logicalId)],
        PolicyDocument: {
          Statement: [
            {
              Effect: 'Allow',
              Action: 'sqs:SendMessage',
              Principal: { Service: 'sns.amazonaws.com' },
              Resource: att(logicalId, 'Arn'),
              Condition: { ArnEquals: { 'aws:SourceArn': ref(topic) } },
            },
          ],
        },
      },
    },
    [`${logicalId}Subscription`]: {
      Type: 'AWS::SNS::Subscription',
      Properties: { Protocol: 'sqs', TopicArn: ref(topic), Endpoint: att(logicalId, 'Arn'), ...properties },
    },
  };
}
