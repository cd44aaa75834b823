import * as z from 'zod';
import type { Gate } from '../iam/gate.ts';
import { queueArn } from './types.ts';

const named = z.object({ QueueUrl: z.string().optional(), QueueName: z.string().optional() });

/** Why the SQS call is not allowed; undefined when it is. A batch needs what its single operation needs. */
export function refusedCall(
  gate: Gate,
  headers: { readonly authorization?: string | undefined; readonly 'x-amz-target'?: unknown },
  body: unknown,
): string | undefined {
  const operation = String(headers['x-amz-target'] ?? '')
    .replace('AmazonSQS.', '')
    .replace(/Batch$/, '');
  const { QueueUrl, QueueName } = named.safeParse(body).data ?? {};
  const name = QueueUrl?.split('/').at(-1) ?? QueueName;
  return gate(headers.authorization, `sqs:${operation}`, name === undefined ? '*' : queueArn(name));
}
