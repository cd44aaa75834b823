import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PermanentError, RetryableError } from '../../functions/core/errors.ts';
import { snsNotifier } from '../../functions/core/notifications.ts';

const topic = 'arn:aws:sns:sa-east-1:123456789012:cuadre-alerts';
const message = {
  subject: 'asunto',
  body: 'línea 1\nlínea 2 & más',
  attributes: { type: 'T', severity: 'error' },
};
const error = (code: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>por qué</Message></Error></ErrorResponse>`;
const taken = '<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>';

describe('publishing to SNS', () => {
  let server: Server;
  let endpoint = '';
  let answer: { status: number; body: string } | 'hang up';
  let received: { headers: Record<string, unknown>; body: string }[];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      received.push({ headers: request.headers, body });
      if (answer === 'hang up') request.socket.destroy();
      else response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    endpoint = typeof address === 'object' ? `http://127.0.0.1:${address?.port}` : '';
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    received = [];
    answer = { status: 200, body: taken };
  });
  const notifier = (more: Record<string, string> = {}) =>
    snsNotifier(topic, {
      AWS_REGION: 'sa-east-1',
      AWS_ACCESS_KEY_ID: 'AKID',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL_SNS: endpoint,
      ...more,
    });

  test('sends one signed form and resolves to SNS’s id', async () => {
    expect(await notifier().publish(message)).toBe('m-1');
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: topic,
      Subject: 'asunto',
      Message: 'línea 1\nlínea 2 & más',
      'MessageAttributes.entry.1.Name': 'type',
      'MessageAttributes.entry.1.Value.DataType': 'String',
      'MessageAttributes.entry.1.Value.StringValue': 'T',
      'MessageAttributes.entry.2.Name': 'severity',
      'MessageAttributes.entry.2.Value.DataType': 'String',
      'MessageAttributes.entry.2.Value.StringValue': 'error',
    });
    expect(headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'x-amz-security-token': 'token',
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/sa-east-1\/sns\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
      ),
    });
  });

  test.each([
    [400, 'InvalidParameter'],
    [400, 'ParameterValueInvalid'],
    [400, 'InvalidParameterValue'],
  ])('%i %s is about the message: it will never be taken', async (status, code) => {
    answer = { status, body: error(code) };
    const failed = notifier().publish(message);
    await expect(failed).rejects.toBeInstanceOf(PermanentError);
    await expect(failed).rejects.toMatchObject({
      code: 'SNS_REFUSED',
      message: expect.stringContaining('por qué'),
    });
  });

  test.each([
    [403, 'AuthorizationError'],
    [404, 'NotFound'],
    [400, 'KMSAccessDenied'],
    [429, 'Throttled'],
    [500, 'InternalError'],
  ])('%i %s may be over at the next attempt', async (status, code) => {
    answer = { status, body: error(code) };
    const failed = notifier().publish(message);
    await expect(failed).rejects.toBeInstanceOf(RetryableError);
    await expect(failed).rejects.toMatchObject({ code: 'SNS_UNAVAILABLE' });
  });

  test('an answer that is none is no success', async () => {
    answer = { status: 200, body: '<html>proxy</html>' };
    await expect(notifier().publish(message)).rejects.toMatchObject({ code: 'SNS_UNAVAILABLE' });
    answer = { status: 502, body: '' };
    await expect(notifier().publish(message)).rejects.toThrow('HTTP 502');
  });

  test('a server that hangs up was not reached', async () => {
    answer = 'hang up';
    await expect(notifier().publish(message)).rejects.toMatchObject({ code: 'SNS_UNREACHABLE' });
  });

  test('an environment without credentials is named', () => {
    expect(() => notifier({ AWS_ACCESS_KEY_ID: '' })).toThrow(
      /AWS_ACCESS_KEY_ID is missing: publishing alerts/,
    );
  });
});
