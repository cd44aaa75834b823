import type * as z from 'zod';
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

export type ScheduleProperties = z.output<typeof schedule.properties>;

export interface SchedulerParts {
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly asynchronous: AsynchronousInvoker;
  readonly queues: QueueServer;
  readonly clock: Clock;
  readonly trail: Trail;
}

export interface ScheduleEntry {
  readonly name: string;
  readonly arn: string;
  readonly properties: ScheduleProperties;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly changedAt: number;
  readonly running: Schedule;
}

/** The schedules of the template, by name, as they are now: an update replaces one whole, until the next start. */
export class Schedules {
  readonly #entries = new Map<string, ScheduleEntry>();
  readonly #parts: SchedulerParts;
  #started = false;

  constructor(world: World, parts: SchedulerParts) {
    this.#parts = parts;
    const now = parts.clock.now();
    for (const { identity, properties } of world.all(schedule)) {
      const name = identity.ref;
      const arn = identity.attributes?.['Arn'] ?? name;
      const running = this.#make(name, arn, properties);
      this.#entries.set(name, { name, arn, properties, createdAt: now, changedAt: now, running });
    }
  }

  get all(): readonly ScheduleEntry[] {
    return [...this.#entries.values()];
  }

  get(name: string): ScheduleEntry | undefined {
    return this.#entries.get(name);
  }

  start(): void {
    this.#started = true;
    for (const { running } of this.all) running.start();
  }

  stop(): void {
    for (const { running } of this.all) running.stop();
  }

  /** Throws when the new expression or zone is not one; the old schedule then goes on. */
  replace(entry: ScheduleEntry, properties: ScheduleProperties): void {
    const running = this.#make(entry.name, entry.arn, properties);
    entry.running.stop();
    this.#entries.set(entry.name, { ...entry, properties, running, changedAt: this.#parts.clock.now() });
    if (this.#started) running.start();
  }

  #make(name: string, arn: string, properties: ScheduleProperties): Schedule {
    const { functions, asynchronous, queues, clock, trail } = this.#parts;
    const { Target: target } = properties;
    return new Schedule({
      name,
      arn,
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
      deliver: (targetArn, input, by) => {
        const found = functions.get(functionName(targetArn));
        if (found === undefined) throw functionNotFound(targetArn);
        return asynchronous.accept(found, input, by);
      },
      send: (queueArn, body, attributes) => queues.send(queueArn, body, attributes),
    });
  }
}
