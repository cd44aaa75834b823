import { randomUUID } from 'node:crypto';
import { workerConfig } from '../../../functions/core/config.ts';
import type { Database } from '../../../functions/core/database.ts';
import { CuadreError } from '../../../functions/core/errors.ts';
import type { Invocation } from '../../../functions/core/lambda.ts';
import { createLog } from '../../../functions/core/log.ts';
import { MAX_TRIES } from '../../../functions/core/retry.ts';
import { Beats } from './beats.ts';
import { Dead, type Process } from './points.ts';

/** What a function does in one invocation. */
export type Work = (process: Process, invocation: Invocation) => Promise<void>;

/** A function's environment has two: its work must not be in the way of its heartbeats. */
export interface Connections {
  readonly work: Database;
  readonly control: Database;
}

export const silent = createLog({ level: 'error', write: () => {} });

/**
 * One invocation, its process between the function and the databases. False when the process died, or was out of its
 * depth, a lost connection say: either way its caller comes again.
 * @param beating not for two processes at once: which of them beats would be a matter of chance
 */
export async function invoked(
  process: Process,
  { work, control }: Connections,
  does: Work,
  { beating = true }: { readonly beating?: boolean } = {},
): Promise<boolean> {
  const beats = beating ? new Beats() : undefined;
  try {
    await does(process, {
      environment: {
        work: process.database(work, async () => beats?.once(process)),
        control: process.database(control),
        log: silent,
        codeVersion: 'test',
        config: workerConfig({ MAX_RECEIVES: String(MAX_TRIES) }),
      },
      log: silent,
      requestId: randomUUID(),
      functionArn: 'arn:aws:lambda:::function:test',
      remaining: () => 600_000,
    });
    return !process.dead;
  } catch (error) {
    if (error instanceof Dead || error instanceof CuadreError) return false;
    throw error;
  } finally {
    beats?.restore();
  }
}
