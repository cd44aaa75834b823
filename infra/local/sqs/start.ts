import type { World } from '../assembly/world.ts';
import type { Clock } from '../clock.ts';
import type { LocalFunction } from '../lambda/function.ts';
import { eventSourceMapping, functionName } from '../lambda/types.ts';
import type { Trail } from '../trail.ts';
import { Mapping } from './mapping.ts';
import type { QueueServer } from './server.ts';

/** Every enabled event source mapping of the template, not started yet. */
export function makeMappings(
  world: World,
  server: QueueServer,
  functions: ReadonlyMap<string, LocalFunction>,
  clock: Clock,
  trail: Trail,
): Mapping[] {
  return world.all(eventSourceMapping).flatMap(({ id, properties }) => {
    if (!properties.Enabled) return [];
    const target = functions.get(functionName(properties.FunctionName));
    if (target === undefined) throw new Error(`${id}: there is no function ${properties.FunctionName}`);
    const concurrency = properties.ScalingConfig?.MaximumConcurrency;
    return new Mapping({
      queueArn: properties.EventSourceArn,
      target,
      batchSize: properties.BatchSize,
      windowSeconds: properties.MaximumBatchingWindowInSeconds,
      reportsItemFailures: properties.FunctionResponseTypes.includes('ReportBatchItemFailures'),
      ...(concurrency === undefined ? {} : { maximumConcurrency: concurrency }),
      server,
      clock,
      trail,
    });
  });
}
