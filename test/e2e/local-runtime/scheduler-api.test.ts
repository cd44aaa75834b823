import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { expect, onTestFinished, test } from 'vitest';
import { localCredentials } from '../../../infra/local/lambda/variables.ts';
import { att } from './support/app.ts';
import { runApp, virtualClock } from './support/stack.ts';

const Target = { Arn: att('worker', 'Arn'), RoleArn: att('Role', 'Arn'), Input: '{"a":1}' };

const parts = {
  functions: {
    worker: "export const handler = async ({ fail }) => { if (fail) throw new Error('on purpose'); };",
  },
  resources: {
    Once: { Type: 'AWS::Scheduler::ScheduleGroup', Properties: { Name: 'once' } },
    Nightly: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        Name: 'nightly',
        FlexibleTimeWindow: { Mode: 'OFF' },
        ScheduleExpression: 'cron(0 2 * * ? *)',
        ScheduleExpressionTimezone: 'America/Lima',
        Target: { ...Target, RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 600 } },
      },
    },
  },
};

async function start() {
  const clock = virtualClock();
  const stack = await runApp(parts, { clock });
  const client = new SchedulerClient({
    endpoint: stack.urls.scheduler,
    region: 'us-east-1',
    credentials: localCredentials,
  });
  onTestFinished(() => client.destroy());
  return { clock, stack, client };
}

test('a schedule is found as the template has it', async () => {
  const { client } = await start();
  const listed = await client.send(new ListSchedulesCommand({ NamePrefix: 'night' }));
  expect(listed.Schedules).toMatchObject([{ Name: 'nightly', State: 'ENABLED', GroupName: 'default' }]);
  const found = await client.send(new GetScheduleCommand({ Name: 'nightly' }));
  expect(found).toMatchObject({
    Arn: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly',
    ScheduleExpression: 'cron(0 2 * * ? *)',
    ScheduleExpressionTimezone: 'America/Lima',
    State: 'ENABLED',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: { Input: '{"a":1}', RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 600 } },
    CreationDate: expect.any(Date),
  });
});

test('a schedule that is paused does not fire until it is resumed', async () => {
  const { client, stack, clock } = await start();
  const {
    Name,
    FlexibleTimeWindow,
    ScheduleExpression,
    ScheduleExpressionTimezone,
    Target: target,
  } = await client.send(new GetScheduleCommand({ Name: 'nightly' }));
  const whole = { Name, FlexibleTimeWindow, ScheduleExpression, ScheduleExpressionTimezone, Target: target };
  await client.send(new UpdateScheduleCommand({ ...whole, State: 'DISABLED' }));
  expect(stack.schedules()).toEqual([{ name: 'nightly', next: undefined }]);
  await clock.advance(3 * 86_400_000);
  expect(stack.trail.all('schedule.fired')).toEqual([]);
  await client.send(new UpdateScheduleCommand({ ...whole, State: 'ENABLED' }));
  await clock.advance(86_400_000);
  expect(stack.trail.all('schedule.fired')).toHaveLength(1);
});

test('an update replaces everything: what it leaves out has its default again', async () => {
  const { client } = await start();
  const { Target: target } = await client.send(new GetScheduleCommand({ Name: 'nightly' }));
  await client.send(
    new UpdateScheduleCommand({
      Name: 'nightly',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ScheduleExpression: 'rate(1 day)',
      StartDate: new Date('2030-01-01T00:00:00Z'),
      Target: { Arn: target?.Arn, RoleArn: target?.RoleArn },
    }),
  );
  const changed = await client.send(new GetScheduleCommand({ Name: 'nightly' }));
  expect(changed).toMatchObject({
    ScheduleExpression: 'rate(1 day)',
    ScheduleExpressionTimezone: 'UTC',
    StartDate: new Date('2030-01-01T00:00:00Z'),
    Target: { Input: '{}', RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 } },
  });
});

test('what is wrong or not played is refused', async () => {
  const { client, stack } = await start();
  const update = (over: object) =>
    client.send(
      new UpdateScheduleCommand({
        Name: 'nightly',
        FlexibleTimeWindow: { Mode: 'OFF' },
        ScheduleExpression: 'rate(1 day)',
        Target: { Arn: 'arn:aws:lambda:us-east-1:000000000000:function:worker', RoleArn: 'arn:role' },
        ...over,
      }),
    );
  await expect(update({ ScheduleExpression: 'rate(1 fortnight)' })).rejects.toMatchObject({
    name: 'ValidationException',
  });
  await expect(update({ FlexibleTimeWindow: { Mode: 'FLEXIBLE' } })).rejects.toThrow('flexible');
  await expect(update({ Name: 'other' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const created = await fetch(new URL('/schedules/nightly', stack.urls.scheduler), { method: 'PATCH' });
  expect(created.status).toBe(501);
  expect((await client.send(new GetScheduleCommand({ Name: 'nightly' }))).ScheduleExpression).toBe(
    'cron(0 2 * * ? *)',
  );
});

/** The first full minute that is surely still to come. */
const soon = (now: number) =>
  `at(${new Date(Math.ceil((now + 60_000) / 60_000) * 60_000).toISOString().slice(0, 19)})`;

test('a schedule that fires once is made in its group, fires, and is gone', async () => {
  const { clock, stack, client } = await start();
  const { Target: target } = await client.send(new GetScheduleCommand({ Name: 'nightly' }));
  const once = {
    Name: 'nightly-again',
    GroupName: 'once',
    FlexibleTimeWindow: { Mode: 'OFF' },
    ScheduleExpression: soon(clock.now()),
    Target: { ...target, Arn: target?.Arn, RoleArn: target?.RoleArn, Input: '{"b":2}' },
  } as const;
  const made = await client.send(new CreateScheduleCommand({ ...once, ActionAfterCompletion: 'DELETE' }));
  expect(made.ScheduleArn).toBe('arn:aws:scheduler:us-east-1:000000000000:schedule/once/nightly-again');
  await expect(client.send(new CreateScheduleCommand(once))).rejects.toMatchObject({
    name: 'ConflictException',
  });
  // A name is unique in its group, and found in no other.
  await expect(client.send(new GetScheduleCommand({ Name: 'nightly-again' }))).rejects.toThrow(
    'does not exist',
  );
  const where = { Name: 'nightly-again', GroupName: 'once' };
  expect(await client.send(new GetScheduleCommand(where))).toMatchObject({ ActionAfterCompletion: 'DELETE' });
  await clock.advance(180_000);
  expect(stack.trail.all('schedule.fired').map(({ schedule }) => schedule)).toEqual(['nightly-again']);
  await stack.trail.waitFor('schedule.deleted');
  await expect(client.send(new GetScheduleCommand(where))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('a schedule that fires once is there, and its name is taken, until its target has dealt with it', async () => {
  const { clock, stack, client } = await start();
  const { Target: target } = await client.send(new GetScheduleCommand({ Name: 'nightly' }));
  const make = () =>
    client.send(
      new CreateScheduleCommand({
        Name: 'again',
        GroupName: 'once',
        FlexibleTimeWindow: { Mode: 'OFF' },
        ScheduleExpression: soon(clock.now()),
        ActionAfterCompletion: 'DELETE',
        Target: { ...target, Arn: target?.Arn, RoleArn: target?.RoleArn, Input: '{"fail":true}' },
      }),
    );
  await make();
  await clock.advance(180_000);
  for (const [attempt, wait] of [
    [2, 60_000],
    [3, 120_000],
  ] as const) {
    await stack.trail.waitFor('function.retrying', (event) => event.attempt === attempt);
    await expect(make()).rejects.toMatchObject({ name: 'ConflictException' });
    await clock.advance(wait);
  }
  await stack.trail.waitFor('schedule.deleted');
  expect(stack.trail.all('function.given-up')).toHaveLength(1);
  expect(await make()).toMatchObject({ ScheduleArn: expect.stringContaining('once/again') });
});

test('a schedule that fires once stays when nobody says what is to become of it, and can be deleted', async () => {
  const { clock, stack, client } = await start();
  const { Target: target } = await client.send(new GetScheduleCommand({ Name: 'nightly' }));
  const make = (Name: string, GroupName: string) =>
    client.send(
      new CreateScheduleCommand({
        Name,
        GroupName,
        FlexibleTimeWindow: { Mode: 'OFF' },
        ScheduleExpression: soon(clock.now()),
        Target: target,
      }),
    );
  await make('stays', 'once');
  await make('goes', 'once');
  await expect(make('nowhere', 'other')).rejects.toThrow('group other does not exist');
  await client.send(new DeleteScheduleCommand({ Name: 'goes', GroupName: 'once' }));
  await clock.advance(180_000);
  expect(stack.trail.all('schedule.fired').map(({ schedule }) => schedule)).toEqual(['stays']);
  expect((await client.send(new GetScheduleCommand({ Name: 'stays', GroupName: 'once' }))).State).toBe(
    'ENABLED',
  );
  await expect(client.send(new DeleteScheduleCommand({ Name: 'goes', GroupName: 'once' }))).rejects.toThrow(
    'does not exist',
  );
});

test('a schedule that fires once is gone also when its delivery has failed', async () => {
  const { clock, stack, client } = await start();
  const { Target: target } = await client.send(new GetScheduleCommand({ Name: 'nightly' }));
  await client.send(
    new CreateScheduleCommand({
      Name: 'to-nobody',
      GroupName: 'once',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ScheduleExpression: soon(clock.now()),
      ActionAfterCompletion: 'DELETE',
      Target: {
        ...target,
        RoleArn: target?.RoleArn,
        Arn: 'arn:aws:lambda:us-east-1:000000000000:function:gone',
      },
    }),
  );
  await clock.advance(180_000);
  // A function that does not exist is not worth a second try.
  expect(stack.trail.all('schedule.failed')).toHaveLength(1);
  expect(stack.schedules().map(({ name }) => name)).toEqual(['nightly']);
});
