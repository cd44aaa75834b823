import type { IConstruct } from 'constructs';
import type { Config } from './config.ts';
import { BundledFunction } from './constructs/bundled-function.ts';

/**
 * Aurora derives max_connections from the most memory that the cluster may grow to; these are its documented steps
 * for Serverless v2, by ACU. Between them this interpolates. A minimum below 1 ACU caps it at 2,000.
 */
const STEPS = [
  [1, 189],
  [4, 823],
  [8, 1669],
  [16, 3360],
  [32, 5000],
] as const;

/** Kept by PostgreSQL for superusers and by RDS for itself, and what a person at psql may want. */
const RESERVED = 20;

export function auroraConnections({
  minCapacity,
  maxCapacity,
}: {
  minCapacity: number;
  maxCapacity: number;
}): number {
  const above = STEPS.findIndex(([acu]) => acu >= maxCapacity);
  const [highAcu, high] = STEPS[above] ?? [32, 5000];
  const [lowAcu, low] = STEPS[above - 1] ?? [0, 0];
  const share =
    highAcu === lowAcu || maxCapacity >= highAcu ? 1 : (maxCapacity - lowAcu) / (highAcu - lowAcu);
  return Math.min(Math.floor(low + share * (high - low)), minCapacity < 1 ? 2000 : 5000);
}

/**
 * Every function below `app`, all at their most at the same time. A customer's database is the customer's to size.
 * @throws when they could ask our own cluster for more connections than it grants
 */
export function assertConnections({ database }: Config, app: IConstruct): void {
  if (database.kind !== 'aurora') return;
  const demands = app.node
    .findAll()
    .filter((each) => each instanceof BundledFunction)
    .map(({ functionName, demand }) => ({ functionName, most: demand.concurrency * demand.connections }));
  const wanted = demands.reduce((sum, { most }) => sum + most, 0);
  const granted = auroraConnections(database) - RESERVED;
  if (wanted <= granted) return;
  const list = demands.map(({ functionName, most }) => `${functionName} ${most}`).join(', ');
  throw new Error(
    `The functions may open ${wanted} connections at once (${list}), and a cluster of ${database.maxCapacity} ACU leaves ${granted}. Raise database.maxCapacity, or lower jobConcurrency, api.rateLimit or api.burstLimit.`,
  );
}
