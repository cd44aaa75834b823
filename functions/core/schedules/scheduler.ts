import {
  ConflictException,
  CreateScheduleCommand,
  GetScheduleCommand,
  type GetScheduleCommandOutput,
  ResourceNotFoundException,
  SchedulerClient,
  ScheduleState,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { RetryableError } from '../errors.ts';
import { scheduledTime } from './due-times.ts';

/** A schedule as EventBridge has it. */
export interface Described {
  readonly enabled: boolean;
  readonly createdAt: Date;
  /** Also a pause changes it. */
  readonly changedAt: Date;
}

/** A schedule that fires once, at the target of another, and is gone. */
export interface Once {
  /** Its own name, unique in the group; the same name is the same thing to do. */
  readonly name: string;
  readonly group: string;
  /** The schedule in whose stead it fires. */
  readonly of: string;
  readonly at: Date;
  readonly description: string;
  /** As the target gets it. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** What the core needs of EventBridge Scheduler. */
export interface Scheduler {
  /** Undefined when there is none of that name. */
  describe(name: string): Promise<Described | undefined>;
  /** @returns whether anything had to be changed */
  switch(name: string, on: boolean): Promise<boolean>;
  /** Making it again is no error, and makes no second one while the first is there. */
  once(once: Once): Promise<void>;
}

// Made when the environment starts, so that every invocation shares its connections.
const shared = new SchedulerClient({});

/** Every failure is a RetryableError with the code SCHEDULER: what was to be done is in the ledger. */
export function awsScheduler(client: SchedulerClient = shared): Scheduler {
  return {
    describe: (name) =>
      saying(`did not describe ${name}`, async () => {
        try {
          const { State, CreationDate, LastModificationDate } = await get(client, name);
          const createdAt = CreationDate ?? new Date(0);
          return {
            enabled: State !== ScheduleState.DISABLED,
            createdAt,
            changedAt: LastModificationDate ?? createdAt,
          };
        } catch (error) {
          if (error instanceof ResourceNotFoundException) return undefined;
          throw error;
        }
      }),

    switch: (name, on) =>
      saying(`did not switch ${name} ${on ? 'on' : 'off'}`, async () => {
        const State = on ? ScheduleState.ENABLED : ScheduleState.DISABLED;
        const now = await get(client, name);
        if (now.State === State) return false;
        // An update replaces the whole schedule: what is left out would have its default again.
        await client.send(new UpdateScheduleCommand({ ...wholeOf(now), State }));
        return true;
      }),

    once: ({ name, group, of, at, description, input }) =>
      saying(`did not make ${group}/${name}`, async () => {
        const { Target, FlexibleTimeWindow } = wholeOf(await get(client, of));
        try {
          await client.send(
            new CreateScheduleCommand({
              Name: name,
              GroupName: group,
              Description: description,
              // In UTC: no hour of it is ever skipped or repeated.
              ScheduleExpression: `at(${scheduledTime(at.getTime()).slice(0, -1)})`,
              ScheduleExpressionTimezone: 'UTC',
              FlexibleTimeWindow,
              ActionAfterCompletion: 'DELETE',
              Target: { ...Target, Input: JSON.stringify(input) },
            }),
          );
        } catch (error) {
          if (!(error instanceof ConflictException)) throw error;
        }
      }),
  };
}

function get(client: SchedulerClient, name: string): Promise<GetScheduleCommandOutput> {
  return client.send(new GetScheduleCommand({ Name: name }));
}

function wholeOf({ Arn, CreationDate, LastModificationDate, $metadata, ...now }: GetScheduleCommandOutput) {
  const { Name, ScheduleExpression, FlexibleTimeWindow, Target } = now;
  if (!Name || !ScheduleExpression || !FlexibleTimeWindow || !Target) {
    throw new Error(`Scheduler described ${Name ?? Arn} without what it takes to update it`);
  }
  return { ...now, Name, ScheduleExpression, FlexibleTimeWindow, Target };
}

async function saying<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new RetryableError(`Scheduler ${what}`, { code: 'SCHEDULER', cause: error });
  }
}
