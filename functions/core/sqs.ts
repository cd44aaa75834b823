import { setTimeout as pause } from 'node:timers/promises';
import { awsContext } from './aws-context.ts';
import { signHeaders } from './aws-signer.ts';
import { RetryableError } from './errors.ts';
import { exchange, textOf } from './exchange.ts';

export interface SqsOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly now?: () => Date;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

type QueueInput = { readonly QueueUrl: string } & Readonly<Record<string, unknown>>;

/** An operation of SQS, on the queue that its input names. Its answer, or a RetryableError (SQS). */
export type SqsCall = (operation: string, input: QueueInput) => Promise<unknown>;

const ATTEMPTS = 4;
/** SQS answers in some ten milliseconds; what is not sent by then is sent by whoever looks next. */
const TIMEOUT_MS = 5000;
/** Refusals that another attempt may cure although they are a 4xx. */
const SLOWER = /Throttl|TooManyRequests/;

/**
 * SQS's JSON protocol, signed here. With the SDK's client a worker spent a third more of the processor on a task, and a
 * function that sends had 180 KB more. A queue's URL says where its service is, as to the SDK.
 * Every failure is retryable: the messages stay in the outbox, and whatever refuses them may be put right meanwhile.
 */
export function connectSqs(options: SqsOptions = {}): SqsCall {
  const { environment = process.env, now = () => new Date(), wait = pause } = options;

  async function attempt(operation: string, base: URL, body: string) {
    const { region, credentials } = awsContext(environment, 'messages in SQS need it');
    const request = {
      method: 'POST',
      host: base.host,
      query: [],
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
      body,
    };
    const headers = signHeaders(request, { service: 'sqs', region, credentials, now: now() });
    const sent = { base, method: 'POST', path: '/', body, signal: undefined, timeoutMs: TIMEOUT_MS };
    const incoming = await exchange({
      ...sent,
      headers: { host: base.host, ...headers, ...trace(environment) },
    });
    return { status: incoming.statusCode ?? 0, text: await textOf(incoming) };
  }

  return async (operation, input) => {
    const base = new URL(input.QueueUrl);
    const body = JSON.stringify(input);
    for (let tried = 1; ; tried += 1) {
      let why: string;
      let cause: unknown;
      try {
        const { status, text } = await attempt(operation, base, body);
        if (status === 200) return text === '' ? {} : JSON.parse(text);
        why = `${status} ${text.slice(0, 500)}`;
        if (status < 500 && status !== 429 && !SLOWER.test(text)) tried = ATTEMPTS;
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
        cause = error;
      }
      if (tried >= ATTEMPTS) {
        throw new RetryableError(`SQS ${operation} for ${input.QueueUrl}: ${why}`, { code: 'SQS', cause });
      }
      await wait(50 * 4 ** (tried - 1) * (0.5 + Math.random()));
    }
  };
}

/** As the SDK hands it on: whoever works the message is in the same trace, by which Lambda finds endless loops too. */
function trace({ _X_AMZN_TRACE_ID: id }: NodeJS.ProcessEnv): Record<string, string> {
  return id === undefined || id === '' ? {} : { 'x-amzn-trace-id': id };
}
