import type { Scheduler } from './schedules/scheduler.ts';

/** The minute's schedule of the sweeper: on while a run is under way, so that an idle stack leaves the database alone. */
export interface SweepSchedule {
  /** @returns whether anything had to be changed */
  enable(): Promise<boolean>;
  disable(): Promise<boolean>;
}

export function sweepSchedule(name: string, scheduler: Scheduler): SweepSchedule {
  return { enable: () => scheduler.switch(name, true), disable: () => scheduler.switch(name, false) };
}
