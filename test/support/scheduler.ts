import { RetryableError } from '../../functions/core/errors.ts';
import type { KnownSchedule } from '../../functions/core/schedules/known.ts';
import type { Once, Scheduler } from '../../functions/core/schedules/scheduler.ts';

/** EventBridge Scheduler as far as the core needs it: schedules that are on or off, and those that fire once. */
export class FakeScheduler implements Scheduler {
  readonly on = new Map<string, boolean>();
  readonly made = new Map<string, Once>();
  /** Those that have fired, and of which the target has not returned: EventBridge deletes them some time after their invocation. */
  readonly #firing = new Map<string, Once>();
  /** Every call, in order: `switch toy off`, `once toy-daily-...`. */
  readonly calls: string[] = [];
  createdAt = new Date('2020-01-01T00:00:00Z');
  /** When a deployment changed it last; its creation unless given. */
  changedAt: Date | undefined;
  /** Refuses calls while this says so; `after` does what was asked first, and then loses the answer. */
  refuse: (call: string) => 'before' | 'after' | undefined = () => undefined;

  /** What happens elsewhere between a call and its effect. */
  meanwhile: (call: string) => Promise<void> = async () => {};

  constructor(...schedules: readonly Pick<KnownSchedule, 'name'>[]) {
    for (const { name } of schedules) this.on.set(name, true);
  }

  describe(name: string) {
    return this.#call(`describe ${name}`, () => {
      const enabled = this.on.get(name);
      if (enabled === undefined) return undefined;
      return { enabled, createdAt: this.createdAt, changedAt: this.changedAt ?? this.createdAt };
    });
  }

  switch(name: string, on: boolean) {
    return this.#call(`switch ${name} ${on ? 'on' : 'off'}`, () => {
      const was = this.on.get(name);
      if (was === undefined) throw new RetryableError('no such schedule', { code: 'SCHEDULER' });
      this.on.set(name, on);
      return was !== on;
    });
  }

  once(once: Once) {
    return this.#call(`once ${once.name}`, () => {
      if (!this.made.has(once.name) && !this.#firing.has(once.name)) this.made.set(once.name, once);
    });
  }

  /** Fires it; it is there, and its name is taken, until its target has returned. */
  fire(name: string): Readonly<Record<string, unknown>> {
    const once = this.made.get(name);
    if (once === undefined) throw new Error(`there is no ${name}, only ${[...this.made.keys()].join(', ')}`);
    this.made.delete(name);
    this.#firing.set(name, once);
    return once.input;
  }

  /** The target has done what it was fired for. */
  returned(input: unknown): void {
    for (const [name, once] of this.#firing) if (once.input === input) this.#firing.delete(name);
  }

  async #call<T>(call: string, work: () => T): Promise<T> {
    this.calls.push(call);
    const refusal = this.refuse(call);
    if (refusal === 'before') throw new RetryableError(`${call} was refused`, { code: 'SCHEDULER' });
    await this.meanwhile(call);
    const result = work();
    if (refusal === 'after') throw new RetryableError(`${call} was not answered`, { code: 'SCHEDULER' });
    return result;
  }
}

/** The schedule of the toys' pipeline. */
export function toySchedule(more: Partial<KnownSchedule> = {}): KnownSchedule {
  const name = more.name ?? 'cuadre-toy-daily';
  return {
    name,
    arn: `arn:aws:scheduler:us-east-1:000000000000:schedule/default/${name}`,
    pipeline: 'toy-daily',
    expression: 'cron(0 2 * * ? *)',
    timeZone: 'America/Lima',
    missed: 'last',
    group: 'cuadre-toy-once',
    ...more,
  };
}
