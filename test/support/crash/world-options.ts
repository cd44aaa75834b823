import type { Job } from '../../../functions/core/job.ts';
import type { Invocation } from '../../../functions/core/lambda.ts';
import type { Pipeline } from '../../../functions/core/pipeline.ts';
import type { Queues } from '../../../functions/core/queues.ts';
import type { Dice } from '../dice.ts';
import type { NightDatabase } from './copies.ts';
import type { DayOptions } from './day.ts';
import type { Place, Points, Process } from './points.ts';

/** Which of the two brings a dead worker's job back: both must do. */
export type Rescue = 'the message' | 'the sweeper';

export interface WorldOptions {
  readonly database: NightDatabase;
  readonly pipeline: Pipeline;
  /** Those that speak to a service are made anew in each process, which stands between them and it. */
  readonly jobs: readonly Job[] | ((process: Process) => readonly Job[]);
  readonly asOf: string;
  /** What begins the run instead of the planner, under its name. */
  readonly begin?: {
    readonly name: string;
    run(invocation: Invocation, queues: Queues, process: Process): Promise<unknown>;
  };
  /** Its schedule begins the run, on a day of its own, or fails to. */
  readonly day?: DayOptions;
  /** Every message is delivered twice and in any order; the second copy later, also after the run is over. */
  readonly disorder?: Dice;
  readonly input?: Readonly<Record<string, Record<string, string | number | boolean>>>;
  readonly points: Points;
  readonly rescue: Rescue;
  readonly twice?: Twice;
  /** A job whose function cannot even start: its messages are given up in the end. */
  readonly outOfOrder?: string;
  /** Through which port a process of that name reaches the database; the server's own where there is none. */
  readonly portOf?: (process: string) => number | undefined;
}

/** A process that is there twice at once: one is held at its point, the other does all that it can; then the first goes on. */
export interface Twice extends Place {
  /** The one that is held gives no sign of life for a lease. */
  readonly takenForDead?: boolean;
}
