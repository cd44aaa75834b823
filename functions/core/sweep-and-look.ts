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
  const { control, queues, scheduler, schedules, log } = parts;
  const swept = await sweep(control, queues, sweepSchedule(parts.sweepSchedule, scheduler)).catch(
    (error: unknown) => {
      log.error('not all was swept', { error });
      return { error };
    },
  );
  // After the sweep: workers wait for it. Neither keeps the other from its turn.
  const looked = await lookAt(schedules, parts);
  if ('error' in swept) throw swept.error;
  return { swept, looked };
}
