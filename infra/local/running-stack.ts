import type { Inventory } from './assembly/check.ts';
import type { Cleanup } from './cleanup.ts';
import type { Clock } from './clock.ts';
import type { AsynchronousInvoker } from './lambda/asynchronous.ts';
import { functionNotFound } from './lambda/failures.ts';
import type { LocalFunction } from './lambda/function.ts';
import { functionArn } from './lambda/types.ts';
import type { InvokeResult, Stack, StackUrls } from './options.ts';
import type { Schedules } from './scheduler/schedules.ts';
import type { Servers } from './servers.ts';
import type { Mapping } from './sqs/mapping.ts';
import type { QueueServer } from './sqs/server.ts';
import type { Trail } from './trail.ts';

export interface RunningParts {
  readonly inventory: Inventory;
  readonly servers: Servers;
  readonly databaseUrl: string | undefined;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly asynchronous: AsynchronousInvoker;
  readonly mappings: readonly Mapping[];
  readonly scheduled: Schedules;
  readonly queues: QueueServer;
  readonly clock: Clock;
  readonly trail: Trail;
  readonly stopFunctions: () => Promise<void>;
  readonly cleanup: Cleanup;
}

export class RunningStack implements Stack {
  readonly urls: StackUrls;
  readonly counts: Stack['counts'];
  readonly inert: Stack['inert'];
  readonly trail: Trail;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly queues: QueueServer;
  readonly #parts: RunningParts;
  #resumed = false;
  #stopping: Promise<void> | undefined;

  constructor(parts: RunningParts) {
    const { servers, databaseUrl, inventory } = parts;
    this.#parts = parts;
    this.trail = parts.trail;
    this.functions = parts.functions;
    this.queues = parts.queues;
    this.counts = {
      played: inventory.played.length,
      inert: inventory.inert.length,
      inertProperties: inventory.inertProperties.length,
      refused: 0,
    };
    this.inert = [
      ...inventory.inert.map(({ resource: { id, type }, reason }) => ({ id, type, reason })),
      ...inventory.inertProperties.map(({ resource: { id, type }, property, reason }) => ({
        id: `${id}.${property}`,
        type,
        reason,
      })),
    ];
    this.urls = {
      lambda: servers.aws.url,
      scheduler: servers.aws.url,
      secretsManager: servers.aws.url,
      sqs: servers.queues.url,
      s3: servers.queues.url,
      ...(servers.api === undefined ? {} : { api: servers.api.url }),
      ...(databaseUrl === undefined ? {} : { database: databaseUrl }),
    };
  }

  schedules(): { name: string; next: Date | undefined }[] {
    return this.#parts.scheduled.all.map(({ name, running, properties }) => {
      const next = properties.State === 'ENABLED' ? running.nextAfter(this.#parts.clock.now()) : undefined;
      return { name, next: next === undefined ? undefined : new Date(next) };
    });
  }

  databaseAs(role: string): string {
    const { database } = this.#parts.servers;
    if (database === undefined) throw new Error('this app has no database');
    return database.url(role);
  }

  async invoke(
    name: string,
    event: unknown,
    { type = 'RequestResponse' }: { readonly type?: 'RequestResponse' | 'Event' } = {},
  ): Promise<InvokeResult> {
    const target = this.functions.get(name);
    if (target === undefined) throw functionNotFound(functionArn(name));
    const payload = JSON.stringify(event ?? {});
    if (type === 'Event') {
      return { requestId: this.#parts.asynchronous.accept(target, payload, 'invoke'), log: '' };
    }
    const { requestId, payload: answer, error, log } = await target.invoke(payload, { by: 'invoke' });
    return error === undefined ? { requestId, result: JSON.parse(answer), log } : { requestId, error, log };
  }

  fireSchedule(
    name: string,
    scheduledTime: Date,
    over?: Readonly<Record<string, unknown>>,
  ): string | undefined {
    const { scheduled } = this.#parts;
    const entry = scheduled.get(name);
    if (entry === undefined) {
      const names = scheduled.all.map((each) => each.name).join(', ');
      throw new Error(`there is no schedule ${name}, only ${names}`);
    }
    return entry.running.fire(scheduledTime.getTime(), over);
  }

  resume(): void {
    if (this.#resumed) return;
    this.#resumed = true;
    for (const mapping of this.#parts.mappings) mapping.start();
    this.#parts.scheduled.start();
  }

  stop({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    this.#stopping ??= this.#stop(graceMs);
    return this.#stopping;
  }

  /** First what calls, then what is called; a function that is not done by the grace's end is killed. */
  async #stop(graceMs: number): Promise<void> {
    const { mappings, scheduled, asynchronous, queues, servers, stopFunctions, cleanup } = this.#parts;
    scheduled.stop();
    await servers.api?.stop();
    const done = Promise.all([...mappings.map((mapping) => mapping.stop()), asynchronous.stop()]);
    // Again and again: a poll may be just about to begin.
    const interrupting = setInterval(() => queues.interrupt(), 10);
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(grace.resolve, graceMs);
    await Promise.race([done, grace.promise]);
    clearTimeout(timer);
    await stopFunctions();
    await done;
    clearInterval(interrupting);
    await cleanup.run();
  }
}
