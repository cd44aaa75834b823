import * as z from 'zod';
import type { Database, Sql, Transaction } from '../../../functions/core/database.ts';
import { LostError } from '../../../functions/core/errors.ts';
import type { Queues } from '../../../functions/core/queues.ts';
import type { SweepSchedule } from '../../../functions/core/sweep-schedule.ts';

/** What a dead process would have said, had it lived. */
export class Dead extends Error {}

/** The process dies; its connection dies and it goes on; or what it asked for is done, and the answer never comes. */
export const FATES = ['process', 'connection', 'answer'] as const;
export type Fate = (typeof FATES)[number];

/**
 * Everything that the code under test does to the world outside passes here, and each step has a point before and
 * one after: the enumeration finds them by counting, so that new code is covered without being listed.
 */
export class Points {
  /** The names of the points passed, in order. */
  readonly passed: string[] = [];
  readonly #plan: ReadonlyMap<number, Fate>;
  readonly #kill: (pid: number) => Promise<void>;

  /** @param plan which point meets which fate, by number from 0 */
  constructor(plan: ReadonlyMap<number, Fate>, kill: (pid: number) => Promise<void>) {
    this.#plan = plan;
    this.#kill = kill;
  }

  /** A process of its own; once it is dead, nothing that it does has any effect. */
  process(name: string): Process {
    return new Process(name, this);
  }

  due(name: string): Fate | undefined {
    this.passed.push(name);
    return this.#plan.get(this.passed.length - 1);
  }

  kill(pid: number): Promise<void> {
    return this.#kill(pid);
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
  dead = false;

  constructor(name: string, points: Points) {
    this.#name = name;
    this.#points = points;
  }

  /** @param pid of the backend that does the work, for what goes to the database */
  async step<T>(what: string, work: () => Promise<T>, pid?: Pid): Promise<T> {
    await this.#meet(`${this.#name}: before ${what}`, pid);
    const result = await work();
    await this.#meet(`${this.#name}: after ${what}`, pid);
    return result;
  }

  async #meet(point: string, pid: Pid | undefined): Promise<void> {
    if (this.dead) throw new Dead(point);
    const fate = this.#points.due(point);
    if (fate === 'process') {
      this.dead = true;
      throw new Dead(point);
    }
    if (fate === 'connection' && pid !== undefined) await this.#points.kill(await pid());
    if (fate === 'answer' && point.includes('after')) {
      throw new LostError(`${point}: the answer never came`, { code: 'LOST' });
    }
  }

  database(inner: Database): Database {
    const pidOf = (sql: Sql) => async () => {
      const [row] = await sql(backend)`select pg_backend_pid() as pid`;
      return row?.pid ?? 0;
    };
    const wrapped = <S extends Sql>(sql: S): S => {
      const step = <T>(strings: TemplateStringsArray, run: () => Promise<T>) =>
        this.step(nameOf(strings), run, pidOf(sql));
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
        let sql: Transaction | undefined;
        await this.step('begin', async () => {});
        const result = await inner.transaction(async (given) => {
          sql = given;
          const value = await body(wrapped(given));
          await this.#meet(`${this.#name}: before commit`, pidOf(given));
          return value;
        }, settings);
        await this.#meet(`${this.#name}: after commit`, sql && pidOf(inner.sql));
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

  schedule(inner: SweepSchedule): SweepSchedule {
    return {
      enable: () => this.step('enable', () => inner.enable()),
      disable: () => this.step('disable', () => inner.disable()),
    };
  }
}
