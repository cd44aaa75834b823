import type { World } from '../assembly/world.ts';
import type { Clock } from '../clock.ts';
import type { AsynchronousInvoker } from '../lambda/asynchronous.ts';
import { functionNotFound } from '../lambda/failures.ts';
import type { LocalFunction } from '../lambda/function.ts';
import { functionName } from '../lambda/types.ts';
import type { QueueServer } from '../sqs/server.ts';
import type { Trail } from '../trail.ts';
import { Schedule } from './schedule.ts';
import { schedule } from './types.ts';

export interface SchedulerParts {
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly asynchronous: AsynchronousInvoker;
  readonly queues: QueueServer;
  readonly clock: Clock;
  readonly trail: Trail;
}

/** Every schedule of the template, not started yet, by name. */
export function makeSchedules(world: World, parts: SchedulerParts): Map<string, Schedule> {
  const { functions, asynchronous, queues, clock, trail } = parts;
  const deliver = (targetArn: string, input: string, by: string) => {
    const target = functions.get(functionName(targetArn));
    if (target === undefined) throw functionNotFound(targetArn);
    return asynchronous.accept(target, input, by);
  };
  const schedules = world.all(schedule).map(({ identity, properties }) => {
    const { Target: target } = properties;
    return new Schedule({
      name: identity.ref,
      arn: identity.attributes?.['Arn'] ?? identity.ref,
      expression: properties.ScheduleExpression,
      timeZone: properties.ScheduleExpressionTimezone,
      enabled: properties.State === 'ENABLED',
      ...(properties.StartDate === undefined ? {} : { start: Date.parse(properties.StartDate) }),
      ...(properties.EndDate === undefined ? {} : { end: Date.parse(properties.EndDate) }),
      input: target.Input,
      targetArn: target.Arn,
      retries: target.RetryPolicy.MaximumRetryAttempts,
      maximumAgeSeconds: target.RetryPolicy.MaximumEventAgeInSeconds,
      ...(target.DeadLetterConfig === undefined ? {} : { deadLetterQueue: target.DeadLetterConfig.Arn }),
      clock,
      trail,
      deliver,
      send: (queueArn, body, attributes) => queues.send(queueArn, body, attributes),
    });
  });
  return new Map(schedules.map((one) => [one.name, one]));
}
