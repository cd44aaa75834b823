import { describe, expect, test } from 'vitest';
import type { Stack } from '../../../infra/local/stack.ts';
import { runApp } from './support/stack.ts';

const functions = {
  job: `export const handler = async (event, { awsRequestId }) => {
    console.log('working for', awsRequestId);
    if (event.fail) throw new Error('on purpose');
    return { event };
  };`,
};

function call(stack: Stack, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(new URL(path, stack.urls.lambda), { method: 'POST', ...init });
}

const invocations = (name: string) => `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`;

describe('the Invoke API', () => {
  test.each([
    'job',
    'job:$LATEST',
    'function:job',
    '000000000000:function:job',
    'arn:aws:lambda:us-east-1:000000000000:function:job',
    'arn:aws:lambda:us-east-1:000000000000:function:job:live',
  ])('finds the function as %s', async (name) => {
    const stack = await runApp({ functions });
    const response = await call(stack, invocations(name), { body: '{"a":1}' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-amz-executed-version')).toBe('$LATEST');
    expect(await response.json()).toEqual({ event: { a: 1 } });
  });

  test('gives the end of the log to who asks for it', async () => {
    const stack = await runApp({ functions });
    const response = await call(stack, invocations('job'), { headers: { 'X-Amz-Log-Type': 'Tail' } });
    const log = Buffer.from(response.headers.get('x-amz-log-result') ?? '', 'base64').toString();
    expect(log).toBe(`working for ${response.headers.get('x-amzn-requestid')}\n`);
    expect((await call(stack, invocations('job'))).headers.has('x-amz-log-result')).toBe(false);
  });

  test("says in a header that the function failed, with Lambda's document", async () => {
    const stack = await runApp({ functions });
    const response = await call(stack, invocations('job'), { body: '{"fail":true}' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-amz-function-error')).toBe('Unhandled');
    expect(await response.json()).toEqual({
      errorType: 'Error',
      errorMessage: 'on purpose',
      trace: expect.arrayContaining(['Error: on purpose']),
    });
  });

  test('accepts an event before it has run, and runs nothing for a dry run', async () => {
    const stack = await runApp({ functions });
    const dryRun = await call(stack, invocations('job'), { headers: { 'X-Amz-Invocation-Type': 'DryRun' } });
    expect(dryRun.status).toBe(204);
    const event = await call(stack, invocations('job'), { headers: { 'X-Amz-Invocation-Type': 'Event' } });
    expect([event.status, await event.text()]).toEqual([202, '']);
    const ended = await stack.trail.waitFor('function.ended');
    expect(ended.requestId).toBe(event.headers.get('x-amzn-requestid'));
    expect(stack.trail.all('function.invoked')).toHaveLength(1);
  });

  test.each([
    ['an unknown function', invocations('nobody'), {}, 404, 'ResourceNotFoundException'],
    ['a body that is not JSON', invocations('job'), { body: '{' }, 400, 'InvalidRequestContentException'],
    [
      '6 MB',
      invocations('job'),
      { body: JSON.stringify('x'.repeat(6_291_456)) },
      413,
      'RequestEntityTooLargeException',
    ],
    [
      'an unknown type',
      invocations('job'),
      { headers: { 'X-Amz-Invocation-Type': 'Later' } },
      400,
      'InvalidParameterValueException',
    ],
    ['another operation', '/2015-03-31/functions/job/policy', {}, 501, 'NotImplemented'],
    ['another service', '/tables', {}, 501, 'NotImplemented'],
  ])('%s is refused as Lambda does', async (_name, path, init, status, type) => {
    const stack = await runApp({ functions });
    const response = await call(stack, path, init);
    expect(response.status).toBe(status);
    expect(response.headers.get('x-amzn-errortype')).toBe(type);
    expect(await response.text()).toContain('essage');
  });

  test('is not there for web pages', async () => {
    const stack = await runApp({ functions });
    const response = await call(stack, invocations('job'), { headers: { origin: 'https://evil.example' } });
    expect(response.status).toBe(403);
    expect(stack.trail.events).toEqual([]);
  });
});
