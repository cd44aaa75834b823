import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { PermanentError, RetryableError } from '../../functions/core/errors.ts';
import { sqsQueues } from '../../functions/core/queues.ts';

const sent = z.object({ QueueUrl: z.string(), Entries: z.array(z.object({ Id: z.string() })) });
const throttled = {
  status: 400,
  body: '{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slower: ThrottlingException"}',
};
const denied = { status: 403, body: '{"__type":"AccessDeniedException","message":"not authorized"}' };

describe('queues', () => {
  let server: Server;
  let origin = '';
  /** Of the next calls, in turn; every other one is taken whole. */
  let answers: ({ status: number; body: string } | 'hang up')[];
  let received: { url: string | undefined; headers: Record<string, unknown>; body: string }[];
  let waited: number[];

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      received.push({ url: request.url, headers: request.headers, body });
      const answer = answers.shift() ?? { status: 200, body: takes(body) };
      if (answer === 'hang up') request.socket.destroy();
      else response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    origin = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
  });
  afterAll(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    answers = [];
    received = [];
    waited = [];
  });

  const queues = (more: Record<string, string> = {}) =>
    sqsQueues(
      { 'toy.a': `${origin}/123456789012/toy-a`, 'toy.b': `${origin}/123456789012/toy-b` },
      {
        environment: {
          AWS_REGION: 'sa-east-1',
          AWS_ACCESS_KEY_ID: 'AKID',
          AWS_SECRET_ACCESS_KEY: 'secret',
          AWS_SESSION_TOKEN: 'token',
          ...more,
        },
        now: () => new Date('2026-01-13T07:00:00Z'),
        wait: async (milliseconds) => waited.push(milliseconds),
      },
    );
  const message = (id: string, job = 'toy.a') => ({ id, job, body: `{"número":${id}}` });

  test('are sent one signed call, and say what SQS took', async () => {
    answers = [
      {
        status: 200,
        body: '{"Successful":[{"Id":"1","MessageId":"m-1","MD5OfMessageBody":"x"}],"Failed":[{"Id":"2"}]}',
      },
    ];
    expect([...(await queues().send([message('1'), message('2')]))]).toEqual([['1', 'm-1']]);
    const [{ url, headers, body } = { url: '', headers: {}, body: '' }] = received;
    expect(url).toBe('/');
    expect(JSON.parse(body)).toEqual({
      QueueUrl: `${origin}/123456789012/toy-a`,
      Entries: [
        { Id: '1', MessageBody: '{"número":1}' },
        { Id: '2', MessageBody: '{"número":2}' },
      ],
    });
    expect(headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.SendMessageBatch',
      'x-amz-security-token': 'token',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKID\/20260113\/sa-east-1\/sqs\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$/,
      ),
    });
    expect(headers).not.toHaveProperty('x-amzn-trace-id');
  });

  test('are sent ten messages at a time, each queue its own', async () => {
    const many = Array.from({ length: 11 }, (_, at) => message(String(at), 'toy.b'));
    const receipts = await queues().send([...many, message('x')]);
    expect(receipts.size).toBe(12);
    expect(received.map(({ body }) => sent.parse(JSON.parse(body)).Entries.length)).toEqual([10, 1, 1]);
  });

  test('are told when a message comes back', async () => {
    await queues().postpone(`${origin}/123456789012/toy-a`, 'receipt', 7);
    expect(received[0]?.headers).toMatchObject({ 'x-amz-target': 'AmazonSQS.ChangeMessageVisibility' });
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
      QueueUrl: `${origin}/123456789012/toy-a`,
      ReceiptHandle: 'receipt',
      VisibilityTimeout: 7,
    });
  });

  test('are in the trace of the invocation, which no signature covers', async () => {
    await queues({ _X_AMZN_TRACE_ID: 'Root=1-2' }).send([message('1')]);
    expect(received[0]?.headers).toMatchObject({ 'x-amzn-trace-id': 'Root=1-2' });
    expect(String(received[0]?.headers['authorization'])).not.toContain('x-amzn-trace-id');
  });

  test.each([
    ['an answer that never came', 'hang up'],
    ['an error of the service', { status: 503, body: '' }],
    ['too many calls', throttled],
    ['too many calls, said by the status', { status: 429, body: '' }],
  ] as const)('are asked again after %s, with growing pauses', async (_, answer) => {
    answers = [answer, answer, answer];
    expect((await queues().send([message('1')])).size).toBe(1);
    expect(received).toHaveLength(4);
    expect(waited).toHaveLength(3);
    const [first = 0, second = 0, third = 0] = waited;
    expect(first).toBeGreaterThanOrEqual(25);
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
    expect(third).toBeLessThanOrEqual(1200);
  });

  test('that stay out of reach are for a later attempt to call', async () => {
    answers = ['hang up', 'hang up', 'hang up', 'hang up'];
    const failure = await queues()
      .send([message('1')])
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryableError);
    expect(failure).toMatchObject({ code: 'SQS', cause: expect.any(Error) });
    expect(received).toHaveLength(4);
  });

  test('that refuse are not asked twice, and the error says why', async () => {
    answers = [denied];
    const failure = await queues()
      .postpone(`${origin}/123456789012/toy-a`, 'receipt', 7)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryableError);
    expect(String(failure)).toMatch(/ChangeMessageVisibility for .*toy-a: 403 .*not authorized/);
    expect(received).toHaveLength(1);
  });

  test('that nobody knows are not called', async () => {
    await expect(queues().send([message('1', 'toy.c')])).rejects.toThrow(PermanentError);
    expect(received).toHaveLength(0);
  });
});

/** What SQS says when it takes a whole batch. */
function takes(body: string): string {
  const { data } = sent.safeParse(JSON.parse(body));
  if (data === undefined) return '{}';
  return JSON.stringify({ Successful: data.Entries.map(({ Id }) => ({ Id, MessageId: `m-${Id}` })) });
}
