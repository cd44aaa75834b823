import { ChangeMessageVisibilityCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PermanentError, RetryableError } from './errors.ts';

export interface OutgoingMessage {
  /** Unique within one call; comes back with the receipt. */
  readonly id: string;
  readonly job: string;
  readonly body: string;
}

/** What the core needs of SQS. */
export interface Queues {
  /**
   * Resolves to SQS's message id by our id, for the messages it took; the others stay due.
   * @throws RetryableError SQS when it does not answer
   */
  send(messages: readonly OutgoingMessage[]): Promise<ReadonlyMap<string, string>>;
  /** The URL of the queue that an event source mapping names by ARN. */
  urlOf(queueArn: string): string;
  /** Sets when a received message may be seen again. */
  postpone(queueUrl: string, receiptHandle: string, seconds: number): Promise<void>;
}

const MOST_PER_BATCH = 10;

/**
 * SQS answers in milliseconds, and its client waits for ever: where the way there is closed (a VPC without the endpoint) a
 * function would be killed by its own time-out, and whoever called it told nothing.
 */
const ANSWERS_WITHIN_MS = 5000;

/**
 * Without the client's MD5 of what SQS says that it took, an eighth of the processor time of a call: TLS carries a message and its
 * signature covers it.
 */
export const clientSettings = { md5: false } as const;

// Made when the environment starts, so that every invocation shares its connections.
const sqs = new SQSClient(clientSettings);

/** @param urls job name -> queue URL */
export function sqsQueues(
  urls: Readonly<Record<string, string>>,
  client: SQSClient = sqs,
  withinMs = ANSWERS_WITHIN_MS,
): Queues {
  async function sendBatch(
    queueUrl: string,
    messages: readonly OutgoingMessage[],
  ): Promise<[string, string][]> {
    const answer = await client
      .send(
        new SendMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: messages.map(({ id, body }) => ({ Id: id, MessageBody: body })),
        }),
        { abortSignal: AbortSignal.timeout(withinMs) },
      )
      .catch((error: unknown) => {
        throw new RetryableError('SQS took no messages', { code: 'SQS', cause: error });
      });
    // A batch answers 200 also when it took none of its messages: only those listed as successful are sent.
    return (answer.Successful ?? []).flatMap(({ Id, MessageId }) =>
      Id && MessageId ? [[Id, MessageId]] : [],
    );
  }

  return {
    urlOf(queueArn) {
      // Queues of one account and region differ in the last segment of their URL alone.
      const [known] = Object.values(urls);
      if (known !== undefined)
        return `${known.slice(0, known.lastIndexOf('/'))}/${queueArn.split(':').at(-1)}`;
      throw new PermanentError('this function knows no queue: QUEUES is empty', { code: 'UNKNOWN_QUEUE' });
    },

    async send(messages) {
      const byJob = Map.groupBy(messages, (message) => message.job);
      const sent: [string, string][] = [];
      for (const [job, all] of byJob) {
        const queueUrl = urls[job];
        if (queueUrl === undefined) {
          throw new PermanentError(
            `this function knows no queue for ${job}: is it in its pipeline's QUEUES?`,
            { code: 'UNKNOWN_QUEUE' },
          );
        }
        for (let from = 0; from < all.length; from += MOST_PER_BATCH) {
          sent.push(...(await sendBatch(queueUrl, all.slice(from, from + MOST_PER_BATCH))));
        }
      }
      return new Map(sent);
    },

    async postpone(queueUrl, receiptHandle, seconds) {
      try {
        await client.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: queueUrl,
            ReceiptHandle: receiptHandle,
            VisibilityTimeout: seconds,
          }),
        );
      } catch (error) {
        throw new RetryableError('SQS did not change the visibility of a message', {
          code: 'SQS',
          cause: error,
        });
      }
    },
  };
}
