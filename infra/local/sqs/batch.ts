import * as z from 'zod';
import { REGION } from '../assembly/types.ts';

const attributeValue = z.object({
  DataType: z.string(),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});

export const received = z.object({
  Messages: z
    .array(
      z.object({
        MessageId: z.string(),
        ReceiptHandle: z.string(),
        Body: z.string(),
        MD5OfBody: z.string(),
        MD5OfMessageAttributes: z.string().optional(),
        Attributes: z.record(z.string(), z.string()).default({}),
        MessageAttributes: z.record(z.string(), attributeValue).default({}),
      }),
    )
    .default([]),
});

export type ReceivedMessage = z.output<typeof received>['Messages'][number];

/** The event that Lambda makes of a batch. */
export function batchEvent(messages: readonly ReceivedMessage[], queueArn: string): string {
  return JSON.stringify({
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes,
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes).map(([name, value]) => [
          name,
          {
            ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
            ...(value.BinaryValue === undefined ? {} : { binaryValue: value.BinaryValue }),
            stringListValues: [],
            binaryListValues: [],
            dataType: value.DataType,
          },
        ]),
      ),
      md5OfBody: message.MD5OfBody,
      ...(message.MD5OfMessageAttributes === undefined
        ? {}
        : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: REGION,
    })),
  });
}

const partialFailures = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
});

export type Verdict =
  | { readonly failed: ReadonlySet<string> }
  /** The whole batch stays, for this reason. */
  | { readonly refused: string };

/**
 * Which messages of a batch failed, by the answer of a function whose mapping reports partial failures. An empty
 * answer means none, an id that was not in the batch or an answer of another shape means all of them.
 */
export function judge(payload: string, messages: readonly ReceivedMessage[]): Verdict {
  const answer: unknown = JSON.parse(payload);
  if (answer === null) return { failed: new Set() };
  const parsed = partialFailures.safeParse(answer);
  if (!parsed.success)
    return { refused: 'the answer is not {"batchItemFailures": [{"itemIdentifier": ...}]}' };
  const failed = new Set((parsed.data.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier));
  const unknown = [...failed].find((id) => !messages.some(({ MessageId }) => MessageId === id));
  return unknown === undefined
    ? { failed }
    : { refused: `the answer names ${unknown}, which is not of the batch` };
}
