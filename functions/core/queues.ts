import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SQSClient,
  SQSServiceException,
} from '@aws-sdk/client-sqs';
import { PermanentError, RetryableError } from './errors.ts';
import { createLog } from './log.ts';
import { NotSentError, type Refusal } from './not-sent.ts';

export interface OutgoingMessage {
  /** Unique within one call; comes back with the receipt. */
  readonly id: string;
  readonly job: string;
  readonly body: string;
}

/** What the core needs of SQS. */
export interface Queues {
  /**
   * Resolves to SQS's message id by our id.
   * @throws NotSentError when it did not take all, once every queue has been asked
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
const log = createLog();

/** What one queue made of its messages. */
interface Answer {
  readonly taken: readonly [string, string][];
  readonly refusals: readonly Refusal[];
  /** What the client threw. */
  readonly error?: unknown;
}

/** @param urls job name -> queue URL */
export function sqsQueues(
  urls: Readonly<Record<string, string>>,
  client: SQSClient = sqs,
  withinMs = ANSWERS_WITHIN_MS,
): Queues {
  /** A batch answers 200 also when it took none of its messages. */
  async function sendBatch(
    job: string,
    queueUrl: string,
    messages: readonly OutgoingMessage[],
  ): Promise<Answer> {
    const command = new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: messages.map(({ id, body }) => ({ Id: id, MessageBody: body })),
    });
    const answer = await client.send(command, { abortSignal: AbortSignal.timeout(withinMs) });
    const taken = (answer.Successful ?? []).flatMap(({ Id, MessageId }): [string, string][] =>
      Id && MessageId ? [[Id, MessageId]] : [],
    );
    const ids = new Set(taken.map(([id]) => id));
    const codes = new Map((answer.Failed ?? []).map(({ Id, Code }) => [Id, Code]));
    const refused = Map.groupBy(
      messages.filter(({ id }) => !ids.has(id)),
      ({ id }) => codes.get(id) ?? 'NO_RECEIPT',
    );
    const refusals = [...refused].map(([code, some]) => refusalOf(job, queueUrl, code, some));
    return { taken, refusals };
  }

  async function sendToOne(job: string, messages: readonly OutgoingMessage[]): Promise<Answer> {
    const queueUrl = urls[job];
    if (queueUrl === undefined) {
      return { taken: [], refusals: [refusalOf(job, queueUrl, 'UNKNOWN_QUEUE', messages)] };
    }
    const taken: [string, string][] = [];
    const refusals: Refusal[] = [];
    for (let from = 0; from < messages.length; from += MOST_PER_BATCH) {
      try {
        const answer = await sendBatch(job, queueUrl, messages.slice(from, from + MOST_PER_BATCH));
        taken.push(...answer.taken);
        refusals.push(...answer.refusals);
      } catch (error) {
        // The client has tried it three times: the queue's other messages would fare no better.
        refusals.push(refusalOf(job, queueUrl, nameOf(error), messages.slice(from)));
        return { taken, refusals, error };
      }
    }
    return { taken, refusals };
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
      const taken = new Map<string, string>();
      const refusals: Refusal[] = [];
      let error: unknown;
      for (const [job, all] of Map.groupBy(messages, (message) => message.job)) {
        // Where SQS itself cannot be reached, a time-out for each queue would outlast the function.
        const away = error !== undefined && !(error instanceof SQSServiceException);
        const answer: Answer = away
          ? { taken: [], refusals: [refusalOf(job, urls[job], nameOf(error), all)] }
          : await sendToOne(job, all);
        for (const [id, receipt] of answer.taken) taken.set(id, receipt);
        refusals.push(...answer.refusals);
        if (answer.error !== undefined) error = answer.error;
      }
      if (refusals.length === 0) return taken;
      // Here, where it is known: of the callers some go on without a word.
      for (const refusal of refusals) log.error('messages not sent', { ...refusal });
      throw new NotSentError(refusals, taken, error);
    },

    async postpone(queueUrl, receiptHandle, seconds) {
      try {
        await client.send(
          new ChangeMessageVisibilityCommand({
            QueueUrl: queueUrl,
            ReceiptHandle: receiptHandle,
            VisibilityTimeout: seconds,
          }),
          { abortSignal: AbortSignal.timeout(withinMs) },
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

function refusalOf(
  job: string,
  queueUrl: string | undefined,
  code: string,
  messages: readonly OutgoingMessage[],
): Refusal {
  return { job, queueUrl, code, ids: messages.map(({ id }) => id) };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'UNEXPECTED';
}
