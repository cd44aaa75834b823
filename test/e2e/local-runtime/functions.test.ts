import { describe, expect, test } from 'vitest';
import { ref } from './support/app.ts';
import { runApp, virtualClock } from './support/stack.ts';

const counter = `
  let calls = 0;
  export const handler = async ({ wait = 0 }) => {
    calls += 1;
    const mine = calls;
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    return { pid: process.pid, calls: mine };
  };`;

describe('an execution environment', () => {
  test('is reused while warm, and its module state is its own', async () => {
    const stack = await runApp({ functions: { counter } });
    const first = await stack.invoke('counter', {});
    const second = await stack.invoke('counter', {});
    expect(second.result).toEqual({ pid: Object(first.result).pid, calls: 2 });

    const together = await Promise.all([1, 2, 3].map(() => stack.invoke('counter', { wait: 300 })));
    const pids = together.map(({ result }) => Object(result).pid);
    expect(new Set(pids).size).toBe(3);
    // Three at once: one found the warm environment, the two others began with fresh module state.
    expect(together.map(({ result }) => Object(result).calls).sort()).toEqual([1, 1, 3]);
    expect(stack.trail.all('environment.started')).toHaveLength(3);
  });

  test('is frozen between invocations', async () => {
    const ticking = `let ticks = 0; setInterval(() => { ticks += 1; }, 1);
      export const handler = async () => ticks;`;
    const stack = await runApp({ functions: { ticking, counter } });
    const { result: before } = await stack.invoke('ticking', {});
    // Time passes in another environment.
    await stack.invoke('counter', { wait: 300 });
    const { result: after } = await stack.invoke('ticking', {});
    expect(
      stack.trail.all('environment.started').filter((event) => event.function === 'ticking'),
    ).toHaveLength(1);
    expect(Number(after) - Number(before)).toBeLessThan(50);
  });

  test('sees its own environment and nothing of the parent process', async () => {
    process.env['CUADRE_TEST_LEAK'] = 'leaked';
    const stack = await runApp({
      functions: { env: 'export const handler = async () => process.env;' },
      functionProperties: {
        env: {
          MemorySize: 256,
          Environment: { Variables: { GIVEN: 'yes', NODE_EXTRA_CA_CERTS: '/var/no.pem' } },
        },
      },
    });
    const { result } = await stack.invoke('env', {});
    expect(result).toMatchObject({
      GIVEN: 'yes',
      TZ: 'UTC',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'env',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      _HANDLER: 'index.handler',
      AWS_ENDPOINT_URL_SQS: stack.urls.sqs,
      AWS_ENDPOINT_URL_LAMBDA: stack.urls.lambda,
    });
    expect(result).not.toHaveProperty('CUADRE_TEST_LEAK');
    expect(result).not.toHaveProperty('HOME');
    expect(result).not.toHaveProperty('NODE_EXTRA_CA_CERTS');
  });

  test('that timed out is killed, and the next invocation is cold', async () => {
    const stack = await runApp({
      functions: {
        slow: `let calls = 0;
          export const handler = async ({ hang }) => {
            calls += 1;
            if (hang) await new Promise((resolve) => setTimeout(resolve, 60_000));
            return { pid: process.pid, calls };
          };`,
      },
      functionProperties: { slow: { Timeout: 1 } },
    });
    const before = await stack.invoke('slow', {});
    const hung = await stack.invoke('slow', { hang: true });
    expect(hung.error).toEqual({
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${hung.requestId} Error: Task timed out after 1.00 seconds`,
    });
    expect(() => process.kill(Object(before.result).pid, 0)).toThrow('ESRCH');
    const after = await stack.invoke('slow', {});
    expect(after.result).toMatchObject({ calls: 1 });
    expect(stack.trail.all('function.ended').map(({ outcome }) => outcome)).toEqual([
      'succeeded',
      'timed-out',
      'succeeded',
    ]);
    expect(stack.trail.all('function.invoked').map(({ cold }) => cold)).toEqual([true, false, true]);
  });

  test('that nobody used for long is given up, also when an invocation comes that very moment', async () => {
    const clock = virtualClock();
    const stack = await runApp({ functions: { counter } }, { clock });
    await stack.invoke('counter', {});
    const passing = clock.advance(3_600_000);
    const [{ result }] = await Promise.all([stack.invoke('counter', {}), passing]);
    expect(result).toMatchObject({ calls: 1 });
  });

  test('gives the handler the context of Lambda', async () => {
    const stack = await runApp({
      functions: {
        context: `export const handler = async (event, context) => ({
          ...context, remaining: context.getRemainingTimeInMillis() });`,
      },
    });
    const { result, requestId } = await stack.invoke('context', {});
    expect(result).toMatchObject({
      awsRequestId: requestId,
      functionName: 'context',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:context',
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/context',
    });
    expect(Object(result).remaining).toBeGreaterThan(5_000);
    expect(Object(result).remaining).toBeLessThanOrEqual(10_000);
  });
});

test('a trigger calls the version that the deployment published, with an empty event', async () => {
  const told = `
    let event, context;
    export const handler = async (now, { functionVersion, invokedFunctionArn }) => {
      const before = { event, context };
      event = now;
      context = { functionVersion, invokedFunctionArn };
      return { before, now: context };
    };`;
  const stack = await runApp({
    functions: { told },
    resources: {
      Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: ref('told') } },
      Trigger: {
        Type: 'Custom::Trigger',
        Properties: { ServiceToken: 'arn:provider', HandlerArn: ref('Version') },
      },
    },
  });
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:told';
  expect((await stack.invoke('told', {})).result).toEqual({
    before: { event: {}, context: { functionVersion: '1', invokedFunctionArn: `${arn}:1` } },
    now: { functionVersion: '$LATEST', invokedFunctionArn: arn },
  });
});

describe('a failing function', () => {
  const failing = {
    throws: `export const handler = async () => { throw new TypeError('no such lead'); };`,
    exits: 'export const handler = async () => process.exit(3);',
    rejects: `export const handler = async () => {
        Promise.reject(new RangeError('forgotten'));
        await new Promise((resolve) => setTimeout(resolve, 5_000));
      };`,
    broken: `import './missing.mjs'; export const handler = async () => 1;`,
    nameless: 'export const other = async () => 1;',
    callback: 'export const handler = (event, context, callback) => callback(null, 1);',
    large: `export const handler = async () => 'x'.repeat(6_291_556);`,
  };

  test.each([
    ['throws', 'TypeError', 'no such lead'],
    ['exits', 'Runtime.ExitError', 'exit status 3'],
    ['rejects', 'Runtime.UnhandledPromiseRejection', 'forgotten'],
    ['broken', 'Runtime.ImportModuleError', 'missing.mjs'],
    ['nameless', 'Runtime.ImportModuleError', 'index.handler is undefined or not exported'],
    ['callback', 'Runtime.ImportModuleError', 'callback-based'],
    ['large', 'Function.ResponseSizeTooLarge', '6291556'],
  ])('%s', async (name, errorType, errorMessage) => {
    const stack = await runApp({ functions: failing });
    const { error, result } = await stack.invoke(name, {});
    expect(result).toBeUndefined();
    expect(error?.errorType).toBe(errorType);
    expect(error?.errorMessage).toContain(errorMessage);
  });

  test('one whose process was killed starts cold the next time', async () => {
    const stack = await runApp({ functions: { counter } });
    await stack.invoke('counter', {});
    const [pid = 0] = stack.functions.get('counter')?.pids ?? [];
    const ended = stack.trail.waitFor('environment.ended');
    process.kill(pid, 'SIGKILL');
    await ended;
    expect((await stack.invoke('counter', {})).result).toMatchObject({ calls: 1 });
  });
});

describe('limits', () => {
  test('a request of more than 6 MB and an unknown function are refused', async () => {
    const stack = await runApp({ functions: { counter } });
    await expect(stack.invoke('counter', { text: 'x'.repeat(6_291_456) })).rejects.toThrow('6291456');
    await expect(stack.invoke('counter', { text: 'x'.repeat(1_048_576) }, { type: 'Event' })).rejects.toThrow(
      '1048576',
    );
    await expect(stack.invoke('nobody', {})).rejects.toThrow(/Function not found: arn:aws:lambda:.*nobody/);
  });

  test('an environment of more than 4 KB is refused before anything starts', async () => {
    const starting = runApp({
      functions: { counter },
      functionProperties: { counter: { Environment: { Variables: { LARGE: 'x'.repeat(4_096) } } } },
    });
    await expect(starting).rejects.toThrow(
      'app/counter: its environment has 4101 bytes, and Lambda takes 4096',
    );
  });

  test('no more environments than the function may have', async () => {
    const stack = await runApp({
      functions: { counter },
      functionProperties: { counter: { ReservedConcurrentExecutions: 1 } },
    });
    const first = stack.invoke('counter', { wait: 300 });
    await expect(stack.invoke('counter', {})).rejects.toThrow('Rate Exceeded.');
    await first;
  });
});
