import { SQSClient, SQSServiceException } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { NotSentError } from '../../functions/core/not-sent.ts';
import { sqsQueues } from '../../functions/core/queues.ts';

const sent = z.object({ QueueUrl: z.string(), Entries: z.array(z.object({ Id: z.string() })) });
type Batch = z.output<typeof sent>;

/** A client whose calls go nowhere: `answer` says what SQS makes of each, by the codes of the messages that it refuses. */
function clientOf(answer: (batch: Batch) => Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const client = new SQSClient({ region: 'us-east-1' });
  client.middlewareStack.add(
    () => async (args) => {
      const batch = sent.parse(args.input);
      const ids = batch.Entries.map(({ Id }) => Id);
      asked.push(`${batch.QueueUrl} ${ids.join(',')}`);
      const codes = answer(batch);
      return {
        response: {},
        output: {
          $metadata: {},
          Successful: ids
            .filter((id) => codes[id] === undefined)
            .map((id) => ({ Id: id, MessageId: `sqs ${id}`, MD5OfMessageBody: '' })),
          Failed: ids.flatMap((id) => {
            const Code = codes[id];
            return Code === undefined || Code === '' ? [] : [{ Id: id, Code, SenderFault: false }];
          }),
        },
      };
    },
    { step: 'initialize' },
  );
  return { client, asked };
}

const urls = { 'toy.a': 'https://sqs/toy-a', 'toy.b': 'https://sqs/toy-b' };
const message = (id: string, job: string) => ({ id, job, body: '{}' });
const messages = [message('1', 'toy.a'), message('2', 'toy.b'), message('3', 'toy.a')];

async function refused(sending: Promise<unknown>): Promise<NotSentError> {
  const error = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof NotSentError) return error;
  throw new Error(`not a NotSentError: ${String(error)}`);
}

let lines: string[];
beforeEach(() => {
  lines = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
});
afterEach(() => vi.restoreAllMocks());
const said = () => lines.map((line): unknown => JSON.parse(line));

describe('sending', () => {
  test('gives SQS’s ids of what it took', async () => {
    const { client, asked } = clientOf(() => ({}));
    const taken = await sqsQueues(urls, client).send(messages);
    expect([...taken]).toEqual([
      ['1', 'sqs 1'],
      ['3', 'sqs 3'],
      ['2', 'sqs 2'],
    ]);
    expect(asked).toEqual(['https://sqs/toy-a 1,3', 'https://sqs/toy-b 2']);
    expect(lines).toEqual([]);
  });

  test('says of each message that was refused why, also where the answer is a 200', async () => {
    const { client } = clientOf(({ QueueUrl }) =>
      QueueUrl === urls['toy.a'] ? { '1': 'InternalError', '3': '' } : {},
    );
    const error = await refused(sqsQueues(urls, client).send(messages));
    expect(error).toMatchObject({ name: 'NotSentError', code: 'SQS' });
    expect(error.message).toContain('toy.a: InternalError (https://sqs/toy-a; outbox 1); toy.a: NO_RECEIPT');
    expect([...error.taken.keys()]).toEqual(['2']);
    expect(said()).toMatchObject([
      { level: 'error', message: 'messages not sent', job: 'toy.a', code: 'InternalError', ids: ['1'] },
      { level: 'error', message: 'messages not sent', job: 'toy.a', code: 'NO_RECEIPT', ids: ['3'] },
    ]);
  });

  test('goes on after a queue that it does not know, and one that is gone', async () => {
    const { client, asked } = clientOf(({ QueueUrl }) => {
      if (QueueUrl !== urls['toy.a']) return {};
      throw new SQSServiceException({ name: 'QueueDoesNotExist', $fault: 'client', $metadata: {} });
    });
    const error = await refused(sqsQueues(urls, client).send([message('0', 'toy.gone'), ...messages]));
    expect(error.refusals).toEqual([
      { job: 'toy.gone', queueUrl: undefined, code: 'UNKNOWN_QUEUE', ids: ['0'] },
      { job: 'toy.a', queueUrl: 'https://sqs/toy-a', code: 'QueueDoesNotExist', ids: ['1', '3'] },
    ]);
    expect([...error.taken.keys()]).toEqual(['2']);
    expect(asked).toHaveLength(2);
  });

  test('asks no second queue where nobody can be reached', async () => {
    const { client, asked } = clientOf(() => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { name: 'TimeoutError' });
    });
    const error = await refused(sqsQueues(urls, client).send(messages));
    expect(asked).toHaveLength(1);
    expect(error.refusals.map(({ job, code, ids }) => [job, code, ids])).toEqual([
      ['toy.a', 'TimeoutError', ['1', '3']],
      ['toy.b', 'TimeoutError', ['2']],
    ]);
    expect(error.cause).toMatchObject({ message: 'connect ECONNREFUSED' });
  });

  test('names ten messages of a refusal, and how many there are besides', async () => {
    const many = Array.from({ length: 25 }, (_, id) => message(String(id), 'toy.gone'));
    const error = await refused(sqsQueues(urls, clientOf(() => ({})).client).send(many));
    expect(error.code).toBe('UNKNOWN_QUEUE');
    expect(error.message).toBe(
      '25 messages were not sent and stay due: toy.gone: UNKNOWN_QUEUE (no queue of this function; outbox 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 15 more)',
    );
  });
});
