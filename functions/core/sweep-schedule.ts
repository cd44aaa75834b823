import {
  GetScheduleCommand,
  SchedulerClient,
  ScheduleState,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { RetryableError } from './errors.ts';

/** The minute's schedule of the sweeper: on while a run is under way, so that an idle stack leaves the database alone. */
export interface SweepSchedule {
  /** @returns whether anything had to be changed */
  enable(): Promise<boolean>;
  disable(): Promise<boolean>;
}

// Made when the environment starts, so that every invocation shares its connections.
const scheduler = new SchedulerClient({});

export function sweepSchedule(name: string, client: SchedulerClient = scheduler): SweepSchedule {
  async function put(state: ScheduleState): Promise<boolean> {
    try {
      const { Arn, CreationDate, LastModificationDate, $metadata, ...now } = await client.send(
        new GetScheduleCommand({ Name: name }),
      );
      if (now.State === state) return false;
      const { Name, ScheduleExpression, FlexibleTimeWindow, Target } = now;
      if (!Name || !ScheduleExpression || !FlexibleTimeWindow || !Target) {
        throw new Error(`Scheduler described ${name} without what it takes to update it`);
      }
      // An update replaces the whole schedule: what is left out would have its default again.
      await client.send(
        new UpdateScheduleCommand({
          ...now,
          Name,
          ScheduleExpression,
          FlexibleTimeWindow,
          Target,
          State: state,
        }),
      );
      return true;
    } catch (error) {
      throw new RetryableError(`Scheduler did not set ${name} to ${state}`, {
        code: 'SCHEDULER',
        cause: error,
      });
    }
  }

  return { enable: () => put(ScheduleState.ENABLED), disable: () => put(ScheduleState.DISABLED) };
}
