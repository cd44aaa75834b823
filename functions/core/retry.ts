/**
 * Tries of a job run, and receives of its message. Lambda throttles and network faults also count as receives; five
 * leaves room for them besides real failures. A job that fails for good does not wait for the fifth: the ledger ends it
 * and the message is acknowledged.
 */
export const MAX_TRIES = 5;

/** Seconds until the next attempt: 5, 10, 20, ... up to 300, each with full jitter so that a herd spreads out. */
export function backoffSeconds(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(300, 5 * 2 ** (attempt - 1));
  return Math.max(1, Math.ceil(ceiling * random()));
}
