import * as z from 'zod';
import { flag, inertProperty, tags } from '../assembly/properties.ts';
import { ACCOUNT, nameOf, played, REGION } from '../assembly/types.ts';

export function topicArn(name: string): string {
  return `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
}

export function topicNameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}

/** Standard topics only: FIFO topics feed FIFO queues, which are not played either. */
export const topic = played(
  'AWS::SNS::Topic',
  z.strictObject({
    TopicName: z.string().optional(),
    DisplayName: inertProperty('it is for text messages and mails'),
    KmsMasterKeyId: inertProperty('nothing is encrypted on 127.0.0.1'),
    TracingConfig: inertProperty('there is no X-Ray'),
    Tags: tags,
  }),
  (naming) => {
    const name = nameOf(naming, 'TopicName');
    return { ref: topicArn(name), attributes: { TopicArn: topicArn(name), TopicName: name } };
  },
);

/** A filter policy as SNS checks it: lists of patterns by attribute, or deeper for the body. */
const filterPolicy = z.record(z.string(), z.unknown());

export const subscription = played(
  'AWS::SNS::Subscription',
  z.strictObject({
    TopicArn: z.string(),
    /** Mail is inert as a whole (assembly/inert.ts); everything else is refused. */
    Protocol: z.literal('sqs'),
    Endpoint: z.string(),
    FilterPolicy: filterPolicy.optional(),
    FilterPolicyScope: z.enum(['MessageAttributes', 'MessageBody']).default('MessageAttributes'),
    RawMessageDelivery: flag.default(false),
    Region: inertProperty('there is one region'),
    RedrivePolicy: inertProperty('a delivery to a queue of this template does not fail here'),
  }),
  ({ logicalId, property }) => {
    const arn = `${String(property('TopicArn'))}:${logicalId}`;
    return { ref: arn, attributes: { Arn: arn } };
  },
);

export type SubscriptionProperties = z.output<typeof subscription.properties>;
