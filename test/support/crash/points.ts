import * as z from 'zod';
import type { Database, Sql, Transaction } from '../../../functions/core/database.ts';
import { LostError, RetryableError } from '../../../functions/core/errors.ts';
import type { Notifier } from '../../../functions/core/notifications.ts';
import type { ObjectStore } from '../../../functions/core/object-store.ts';
import type { Queues } from '../../../functions/core/queues.ts';
import type { Scheduler } from '../../../functions/core/schedules/scheduler.ts';
import type { Gate } from './gate.ts';

/** What a dead process would have said, had it lived. */
export class Dead extends Error {}

/** The process dies; its connection dies and it goes on; or what it asked for is done, and the answer never comes. */
export const FATES = ['process', 'connection', 'answer'] as const;
export type Fate = (typeof FATES)[number];

/** A point of a night and what happens there. */
export type Stop = readonly [at: number, fate: Fate];

export interface Place {
  readonly process: number;
  readonly at: number;
}

/**
 * Everything that the code under test does to the world outside passes here, and each step has a point before and
 * one after: the enumeration finds them by counting, so that new code is covered without being listed.
 */
export class Points {
  /** The names of the points passed, in order. */
  readonly passed: string[] = [];
  readonly #effective: (readonly Fate[])[] = [];
  readonly #begun: number[] = [];
  readonly #plan: ReadonlyMap<number, Fate>;
  readonly #kill: (pid: number) => Promise<void>;

  /** @param plan which point meets which fate, by number from 0 */
  constructor(plan: ReadonlyMap<number, Fate>, kill: (pid: number) => Promise<void>) {
    this.#plan = plan;
    this.#kill = kill;
  }

  /**
   * A process of its own; once it is dead, nothing that it does has any effect.
   * @param gate which may hold it for a while
   */
  process(name: string, gate?: Gate): Process {
    this.#begun.push(this.passed.length);
    return new Process(name, this, gate);
  }

  /** By point, the number of its process in the order in which they began, and of the point among the process's own. */
  places(): Place[] {
    return this.passed.map((_, point) => {
      const process = this.#begun.findLastIndex((from) => from <= point);
      return { process, at: point - (this.#begun[process] ?? 0) };
    });
  }

  due(name: string, effective: readonly Fate[]): Fate | undefined {
    this.passed.push(name);
    this.#effective.push(effective);
    return this.#plan.get(this.passed.length - 1);
  }

  kill(pid: number): Promise<void> {
    return this.#kill(pid);
  }

  /** The points at which the fate makes a difference: an answer is lost after a step and not before it. */
  stops(fate: Fate): Stop[] {
    return [...this.#effective.entries()]
      .filter(([, fates]) => fates.includes(fate))
      .map(([at]) => [at, fate] as const);
  }
}

type Pid = () => Promise<number>;

const backend = z.strictObject({ pid: z.int() });

function isTemplate(value: z.ZodType | TemplateStringsArray): value is TemplateStringsArray {
  return Array.isArray(value);
}

/** A statement by its first words: `select ops.mark_sent`. */
function nameOf(strings: TemplateStringsArray): string {
  return strings
    .join('$')
    .trim()
    .split(/[\s(]+/)
    .slice(0, 4)
    .join(' ');
}

export class Process {
  readonly #name: string;
  readonly #points: Points;
  readonly #gate: Gate | undefined;
  #underWay = 0;
  dead = false;

  constructor(name: string, points: Points, gate: Gate | undefined) {
    this.#name = name;
    this.#points = points;
    this.#gate = gate;
  }

  /** @param pid of the backend that does the work, for what goes to the database */
  async step<T>(what: string, work: () => Promise<T>, pid?: Pid): Promise<T> {
    this.#underWay += 1;
    try {
      await this.#meet('before', what, pid);
      const result = await work();
      await this.#meet('after', what, pid);
      return result;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Until every step that was begun beside the caller is over. */
  async quiet(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#underWay > 0);
  }

  async #meet(when: 'before' | 'after', what: string, pid: Pid | undefined): Promise<void> {
    const point = `${this.#name}: ${when} ${what}`;
    if (this.dead) throw new Dead(point);
    await this.#gate?.pass();
    const fate = this.#points.due(point, effective(when, pid));
    if (fate === 'process') {
      this.dead = true;
      throw new Dead(point);
    }
    // A statement's answer is lost with its connection: what was done in the transaction is undone.
    if (fate !== undefined && pid !== undefined) await this.#points.kill(await pid());
    // A service has no connection that outlives a call: without one, the call is never made.
    else if (fate === 'connection' && when === 'before') {
      throw new RetryableError(`${point}: nobody could be reached`, { code: 'UNREACHABLE' });
    }
    if (fate === 'answer' && when === 'after') {
      throw new LostError(`${point}: the answer never came`, { code: 'LOST' });
    }
  }

  /** @param between what happens beside the work before each of its statements */
  database(inner: Database, between: () => Promise<void> = async () => {}): Database {
    const pidOf = (sql: Sql) => async () => {
      const [row] = await sql(backend)`select pg_backend_pid() as pid`;
      return row?.pid ?? 0;
    };
    const wrapped = <S extends Sql>(sql: S): S => {
      const step = async <T>(strings: TemplateStringsArray, run: () => Promise<T>) => {
        await between();
        return this.step(nameOf(strings), run, pidOf(sql));
      };
      const tag = (first: z.ZodType | TemplateStringsArray, ...values: Parameters<Sql>[1][]) => {
        if (isTemplate(first)) return step(first, () => sql(first, ...values));
        return (strings: TemplateStringsArray, ...inside: Parameters<Sql>[1][]) =>
          step(strings, () => sql(first)(strings, ...inside));
      };
      return Object.assign(tag, sql);
    };
    return {
      ...inner,
      sql: wrapped(inner.sql),
      script: (text) => this.step('script', () => inner.script(text)),
      wake: () => inner.wake(),
      close: () => inner.close(),
      transaction: async (body, settings) => {
        await this.#meet('before', 'begin', pidOf(inner.sql));
        let sql: Transaction | undefined;
        let bodyEnds: Promise<unknown> | undefined;
        const inside = async (given: Transaction) => {
          sql = given;
          await this.#meet('after', 'begin', pidOf(given));
          const value = await body(wrapped(given));
          await this.#meet('before', 'commit', pidOf(given));
          return value;
        };
        const whole = inner.transaction((given) => {
          const ends = inside(given);
          bodyEnds = ends.catch(() => undefined);
          return ends;
        }, settings);
        // A lost connection is told at once, while the body still runs: which of the two passed its next point first
        // would be for the machine to decide.
        const result = await whole.finally(() => bodyEnds);
        await this.#meet('after', 'commit', sql && pidOf(inner.sql));
        return result;
      },
    };
  }

  queues(inner: Queues): Queues {
    return {
      urlOf: (arn) => inner.urlOf(arn),
      send: (messages) => this.step('send', () => inner.send(messages)),
      postpone: (url, receipt, seconds) => this.step('postpone', () => inner.postpone(url, receipt, seconds)),
    };
  }

  scheduler(inner: Scheduler): Scheduler {
    return {
      describe: (name) => this.step('describe', () => inner.describe(name)),
      switch: (name, on) => this.step(on ? 'enable' : 'disable', () => inner.switch(name, on)),
      once: (once) => this.step('once', () => inner.once(once)),
    };
  }

  notifier(inner: Notifier): Notifier {
    return { publish: (notification) => this.step('publish', () => inner.publish(notification)) };
  }

  /** Every piece of a file is a step: it may be cut off in the middle. */
  store(inner: ObjectStore): ObjectStore {
    const pieces = this.#pieces.bind(this);
    return {
      ...inner,
      get: async (key) => {
        const object = await this.step('get', () => inner.get(key));
        return { ...object, body: pieces(object.body) };
      },
    };
  }

  async *#pieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      await this.#meet('before', 'piece', undefined);
      yield piece;
    }
    await this.#meet('after', 'pieces', undefined);
  }
}

function effective(when: 'before' | 'after', pid: Pid | undefined): readonly Fate[] {
  if (when === 'after') return pid === undefined ? ['process', 'answer'] : FATES;
  return ['process', 'connection'];
}
