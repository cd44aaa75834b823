import * as z from 'zod';
import { inertProperty, tags, whole } from '../assembly/properties.ts';
import { ACCOUNT, nameOf, played, REGION } from '../assembly/types.ts';

export function queueArn(name: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
}

export function queueNameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}

const notEncrypted = 'nothing is encrypted on 127.0.0.1';

/** Standard queues only: the queue server's FIFO receive is not the service's, so FIFO is refused by name. */
export const queue = played(
  'AWS::SQS::Queue',
  z.strictObject({
    QueueName: z.string().optional(),
    VisibilityTimeout: whole.min(0).max(43_200).default(30),
    MessageRetentionPeriod: whole.min(60).max(1_209_600).default(345_600),
    DelaySeconds: whole.min(0).max(900).default(0),
    MaximumMessageSize: whole.min(1_024).max(1_048_576).default(1_048_576),
    ReceiveMessageWaitTimeSeconds: whole.min(0).max(20).default(0),
    RedrivePolicy: z
      .strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: whole.min(1).max(1_000) })
      .optional(),
    RedriveAllowPolicy: inertProperty('only this template’s queues name each other'),
    KmsMasterKeyId: inertProperty(notEncrypted),
    KmsDataKeyReusePeriodSeconds: inertProperty(notEncrypted),
    SqsManagedSseEnabled: inertProperty(notEncrypted),
    Tags: tags,
  }),
  (naming) => {
    const name = nameOf(naming, 'QueueName');
    const url = `${naming.endpoints.sqs}/${ACCOUNT}/${name}`;
    return { ref: url, attributes: { Arn: queueArn(name), QueueName: name, QueueUrl: url } };
  },
);

export type QueueProperties = z.output<typeof queue.properties>;

/** As the SQS API takes them: texts. */
export function attributesOf(properties: QueueProperties): Record<string, string> {
  const { RedrivePolicy: redrive } = properties;
  return {
    VisibilityTimeout: String(properties.VisibilityTimeout),
    MessageRetentionPeriod: String(properties.MessageRetentionPeriod),
    DelaySeconds: String(properties.DelaySeconds),
    MaximumMessageSize: String(properties.MaximumMessageSize),
    ReceiveMessageWaitTimeSeconds: String(properties.ReceiveMessageWaitTimeSeconds),
    // An empty text ends an earlier redrive.
    RedrivePolicy: redrive === undefined ? '' : JSON.stringify(redrive),
  };
}
