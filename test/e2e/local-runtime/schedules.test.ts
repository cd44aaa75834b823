import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../infra/local/clock.ts';
import { att, queues, ref } from './support/app.ts';
import { runApp, virtualClock } from './support/stack.ts';

const obedient = `export const handler = async (event) => { if (event.fail) throw new Error('on purpose'); return event; };`;

function schedule(properties: object, target: object = {}) {
  return {
    Nightly: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: 'nightly',
        FlexibleTimeWindow: { Mode: 'OFF' },
        ScheduleExpression: 'cron(0 2 * * ? *)',
        ScheduleExpressionTimezone: 'America/Lima',
        Target: { Arn: att('worker', 'Arn'), RoleArn: att('Role', 'Arn'), Input: '{}', ...target },
        ...properties,
      },
    },
  };
}

/** Both ways a scheduled invocation may fail, each with its own queue. */
const twoQueues = {
  ...queues('Delivery', 10),
  ...queues('Handler', 10),
  Invoke: {
    Type: 'AWS::Lambda::EventInvokeConfig',
    Properties: {
      FunctionName: ref('worker'),
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: att('Handler', 'Arn') } },
    },
  },
};

describe('a schedule', () => {
  test('fires at its time in its zone, every day of a year, in seconds', async () => {
    const clock = virtualClock();
    const stack = await runApp(
      { functions: { worker: obedient }, resources: schedule({ ScheduleExpression: 'cron(0 2 ? * MON *)' }) },
      { clock },
    );
    const begun = clock.now();
    await clock.advance(365 * 86_400_000);
    const fired = stack.trail.all('schedule.fired');
    expect(fired.length).toBeGreaterThanOrEqual(52);
    for (const { scheduledTime, at } of fired) {
      expect(scheduledTime).toMatch(/T07:00:00Z$/);
      expect(new Date(scheduledTime).getUTCDay()).toBe(1);
      expect(at - Date.parse(scheduledTime)).toBeLessThan(60_000);
      expect(at).toBeGreaterThanOrEqual(begun);
    }
    expect(new Set(fired.map(({ scheduledTime }) => scheduledTime)).size).toBe(fired.length);
  });

  test('gives its target the attributes of the occasion', async () => {
    const stack = await runApp(
      {
        functions: { worker: 'export const handler = async (event) => console.log(JSON.stringify(event));' },
        resources: schedule(
          {},
          {
            Input: JSON.stringify({
              arn: '<aws.scheduler.schedule-arn>',
              time: '<aws.scheduler.scheduled-time>',
              execution: '<aws.scheduler.execution-id>',
              attempt: '<aws.scheduler.attempt-number>',
            }),
          },
        ),
      },
      { onFunctionLog: (_name, line) => lines.push(JSON.parse(line)) },
    );
    const lines: unknown[] = [];
    const requestId = stack.fireSchedule('nightly', new Date('2026-01-14T07:00:00.000Z'));
    const ended = await stack.trail.waitFor('function.ended');
    expect(ended.requestId).toBe(requestId);
    expect(lines).toEqual([
      {
        arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly',
        time: '2026-01-14T07:00:00Z',
        execution: expect.stringMatching(/^[0-9a-f]{16}$/),
        attempt: '1',
      },
    ]);
    expect(stack.trail.events.map(({ kind }) => kind).slice(0, 3)).toEqual([
      'schedule.fired',
      'schedule.delivered',
      'function.invoked',
    ]);
  });

  test('that is disabled, has ended or has not begun does not fire', async () => {
    const clock = virtualClock();
    const day = (offset: number) => new Date(clock.now() + offset * 86_400_000).toISOString();
    const { Nightly: disabled } = schedule({ Name: 'disabled', State: 'DISABLED' });
    const { Nightly: ended } = schedule({ Name: 'ended', EndDate: day(-1) });
    const { Nightly: later } = schedule({ Name: 'later', StartDate: day(5) });
    const { Nightly: between } = schedule({ Name: 'between', StartDate: day(1), EndDate: day(3) });
    const stack = await runApp(
      { functions: { worker: obedient }, resources: { disabled, ended, later, between } },
      { clock },
    );
    await clock.advance(4 * 86_400_000);
    expect(stack.trail.all('schedule.fired').map((event) => event.schedule)).toEqual(['between', 'between']);
  });

  test('with a rate counts from its creation', async () => {
    const clock = virtualClock();
    const stack = await runApp(
      { functions: { worker: obedient }, resources: schedule({ ScheduleExpression: 'rate(45 minutes)' }) },
      { clock },
    );
    const first = await stack.trail.waitFor('schedule.fired');
    await clock.advance(90 * 60_000);
    const times = stack.trail.all('schedule.fired').map(({ scheduledTime }) => Date.parse(scheduledTime));
    const origin = Date.parse(first.scheduledTime);
    expect(times).toEqual([origin, origin + 2_700_000, origin + 5_400_000]);
  });
});

describe('the two dead-letter queues of a scheduled function', () => {
  test('a handler that fails is retried with its own id, and ends in the destination of the function', async () => {
    const clock = virtualClock();
    const stack = await runApp(
      {
        functions: { worker: obedient },
        resources: {
          ...twoQueues,
          ...schedule({}, { Input: '{"fail":true}', DeadLetterConfig: { Arn: att('Delivery', 'Arn') } }),
        },
      },
      { clock },
    );
    const requestId = stack.fireSchedule('nightly', new Date(clock.now()));
    // Accepted: to the Scheduler the delivery has succeeded, whatever the handler does.
    expect(stack.trail.all('schedule.delivered')).toMatchObject([{ requestId }]);
    for (const [attempt, wait] of [
      [2, 60_000],
      [3, 120_000],
    ] as const) {
      const retrying = await stack.trail.waitFor('function.retrying', (event) => event.attempt === attempt);
      expect(retrying).toMatchObject({ requestId, inMilliseconds: wait });
      await clock.advance(wait);
    }
    await stack.trail.waitFor('function.given-up');
    const sent = await stack.trail.waitFor('message.sent');
    expect(sent.queue).toBe('Handler');
    expect(JSON.parse(sent.body)).toMatchObject({
      requestContext: { requestId, condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      requestPayload: { fail: true },
      responsePayload: { errorType: 'Error', errorMessage: 'on purpose' },
    });
    expect(stack.trail.all('function.invoked').map((event) => event.requestId)).toEqual([
      requestId,
      requestId,
      requestId,
    ]);
    expect(stack.trail.all('schedule.failed')).toEqual([]);
  });

  test("a delivery that fails ends in the schedule's queue, and no handler has run", async () => {
    const stack = await runApp({
      functions: { worker: obedient },
      resources: {
        ...twoQueues,
        ...schedule(
          {},
          {
            Arn: 'arn:aws:lambda:us-east-1:000000000000:function:gone',
            Input: '{"for":"nobody"}',
            DeadLetterConfig: { Arn: att('Delivery', 'Arn') },
          },
        ),
      },
    });
    expect(stack.fireSchedule('nightly', new Date('2026-01-14T07:00:00Z'))).toBeUndefined();
    const sent = await stack.trail.waitFor('message.sent');
    expect(sent).toMatchObject({ queue: 'Delivery', body: '{"for":"nobody"}' });
    expect(stack.queues.queue('Delivery').messages[0]?.messageAttributes).toMatchObject({
      ERROR_CODE: { StringValue: 'ResourceNotFoundException' },
      SCHEDULED_TIME: { StringValue: '2026-01-14T07:00:00.000Z' },
    });
    expect(stack.trail.all('function.invoked')).toEqual([]);
  });

  test('an event that has grown too old is given up', async () => {
    const clock = virtualClock();
    const stack = await runApp(
      {
        functions: { worker: obedient },
        resources: {
          ...twoQueues,
          Invoke: {
            ...twoQueues.Invoke,
            Properties: { ...twoQueues.Invoke.Properties, MaximumEventAgeInSeconds: 100 },
          },
        },
      },
      { clock },
    );
    await stack.invoke('worker', { fail: true }, { type: 'Event' });
    await stack.trail.waitFor('function.retrying');
    await clock.advance(60_000);
    const sent = await stack.trail.waitFor('message.sent');
    expect(JSON.parse(sent.body).requestContext).toMatchObject({
      condition: 'EventAgeExceeded',
      approximateInvokeCount: 2,
    });
  });
});

describe('the virtual clock', () => {
  test('calls back in order, each at its own instant, and what they add on the way', async () => {
    const clock = new VirtualClock();
    const begun = clock.now();
    const seen: [string, number][] = [];
    const note = (name: string) => seen.push([name, Math.round((clock.now() - begun) / 1000)]);
    clock.after(20_000, () => note('second'));
    clock.after(10_000, () => {
      note('first');
      clock.after(5_000, () => note('added'));
    });
    clock.after(15_000, () => note('cancelled'))();
    clock.after(3_600_000, () => note('beyond'));
    await clock.advance(60_000);
    expect(seen).toEqual([
      ['first', 10],
      ['added', 15],
      ['second', 20],
    ]);
    clock.restore();
  });
});
