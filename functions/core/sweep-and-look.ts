import type { Queues } from './queues.ts';
import type { KnownSchedule } from './schedules/known.ts';
import { type Looked, type LookParts, lookAt } from './schedules/look.ts';
import { type Swept, sweep } from './sweep.ts';
import { sweepSchedule } from './sweep-schedule.ts';

export interface SweeperParts extends LookParts {
  readonly queues: Queues;
  /** The sweeper's own schedule, every minute. */
  readonly sweepSchedule: string;
  readonly schedules: readonly KnownSchedule[];
}

/** All that the sweeper does when it comes by. */
export async function sweepAndLook(parts: SweeperParts): Promise<{ swept: Swept; looked: Looked }> {
  const { control, queues, scheduler, schedules } = parts;
  const swept = await sweep(control, queues, sweepSchedule(parts.sweepSchedule, scheduler));
  // After the sweep: workers wait for it, and no trouble with a schedule may keep it from them.
  const looked = await lookAt(schedules, parts);
  return { swept, looked };
}
