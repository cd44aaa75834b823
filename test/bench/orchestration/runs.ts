import { randomUUID } from 'node:crypto';
import type { Pipeline } from '../../../functions/core/pipeline.ts';
import { plan } from '../../../functions/core/planner.ts';
import type { Queues } from '../../../functions/core/queues.ts';
import type { Environment } from '../../../functions/core/services.ts';

/** As-of dates that no two runs share: one run of a pipeline and date is active at a time. */
export class Dates {
  #next = 0;

  take(): string {
    this.#next += 1;
    return new Date(Date.UTC(2000, 0, this.#next)).toISOString().slice(0, 10);
  }
}

/** A run as the planner starts it: in the ledger, its first message sent. */
export async function planRun(
  pipeline: Pipeline,
  asOf: string,
  environment: Environment,
  queues: Queues,
): Promise<void> {
  const now = new Date();
  const trigger = { kind: 'invoke' as const, key: `bench ${randomUUID()}`, detail: {}, due: now, now };
  const invocation = { environment, log: environment.log };
  await plan(pipeline, { asOf, dryRun: false, input: {} }, trigger, invocation, queues);
}
