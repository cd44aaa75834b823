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
import { schedule, scheduleArn, scheduleGroup } from './types.ts';

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

/**
 * The schedules as they are now: those of the template, and those that were made since. An update replaces one whole. At the
 * next start there are the template's again, as after a deployment that changes them.
 */
export class Schedules {
  readonly #entries = new Map<string, ScheduleEntry>();
  readonly #parts: SchedulerParts;
  readonly #groups: ReadonlySet<string>;
  #started = false;

  constructor(world: World, parts: SchedulerParts) {
    this.#parts = parts;
    this.#groups = new Set(['default', ...world.all(scheduleGroup).map(({ identity }) => identity.ref)]);
    for (const { identity, properties } of world.all(schedule)) this.#add(identity.ref, properties);
  }

  get all(): readonly ScheduleEntry[] {
    return [...this.#entries.values()];
  }

  get(name: string, group = 'default'): ScheduleEntry | undefined {
    return this.#entries.get(`${group}/${name}`);
  }

  hasGroup(group: string): boolean {
    return this.#groups.has(group);
  }

  /** Throws when the expression or the zone is not one. */
  create(name: string, properties: ScheduleProperties): ScheduleEntry {
    const entry = this.#add(name, properties);
    if (this.#started) entry.running.start();
    return entry;
  }

  remove({ name, properties, running }: ScheduleEntry): void {
    running.stop();
    this.#entries.delete(keyOf({ name, properties }));
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
    this.#entries.set(keyOf(entry), { ...entry, properties, running, changedAt: this.#parts.clock.now() });
    if (this.#started) running.start();
  }

  #add(name: string, properties: ScheduleProperties): ScheduleEntry {
    const now = this.#parts.clock.now();
    const arn = scheduleArn(properties.GroupName, name);
    const running = this.#make(name, arn, properties);
    const entry = { name, arn, properties, createdAt: now, changedAt: now, running };
    this.#entries.set(keyOf(entry), entry);
    return entry;
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
      deliver: (targetArn, input, by, over) => {
        const found = functions.get(functionName(targetArn));
        if (found === undefined) throw functionNotFound(targetArn);
        return asynchronous.accept(found, input, by, over);
      },
      send: (queueArn, body, attributes) => queues.send(queueArn, body, attributes),
      completed: () => {
        const entry = this.get(name, properties.GroupName);
        if (entry?.properties.ActionAfterCompletion !== 'DELETE') return;
        this.remove(entry);
        trail.record({ kind: 'schedule.deleted', schedule: name });
      },
    });
  }
}

/** A name is unique in its group. */
function keyOf({ name, properties }: Pick<ScheduleEntry, 'name' | 'properties'>): string {
  return `${properties.GroupName}/${name}`;
}
