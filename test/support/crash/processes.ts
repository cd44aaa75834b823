import { randomUUID } from 'node:crypto';
import { workerConfig } from '../../../functions/core/config.ts';
import { CuadreError } from '../../../functions/core/errors.ts';
import type { Invocation } from '../../../functions/core/lambda.ts';
import { createLog } from '../../../functions/core/log.ts';
import { MAX_TRIES } from '../../../functions/core/retry.ts';
import { Beats } from './beats.ts';
import { Gate } from './gate.ts';
import { Dead, type Process } from './points.ts';
import type { WorldOptions } from './world-options.ts';

type Work = (process: Process, invocation: Invocation) => Promise<void>;

interface Called {
  readonly gate?: Gate;
  /** How the database knows its connections. */
  readonly called?: string;
}

const OTHER = 'the other one';

const silent = createLog({ level: 'error', write: () => {} });

/** The processes of a night, one after the other, each with connections of its own; one of them, where it is said, twice at once. */
export class Processes {
  readonly #options: Pick<WorldOptions, 'database' | 'points' | 'twice' | 'portOf'>;
  #begun = 0;

  constructor(options: Pick<WorldOptions, 'database' | 'points' | 'twice' | 'portOf'>) {
    this.#options = options;
  }

  /** In a process of its own; where it is said, in two at once. False when it died. */
  async alive(name: string, work: Work): Promise<boolean> {
    const { twice } = this.#options;
    const number = this.#begun;
    this.#begun += 1;
    if (twice === undefined || twice.process !== number) return this.#run(name, work, {});
    const gate = new Gate(twice.at);
    const held = this.#run(name, work, { gate });
    await Promise.race([gate.reached, held]);
    if (twice.takenForDead) await this.heartbeatsAge();
    const other = this.#run(name, work, { called: OTHER });
    await this.#endedOrWaiting(other);
    gate.open();
    const alive = await Promise.all([held, other]);
    return alive.includes(true);
  }

  /** Until it is over, or waits for a lock that the one that is held has. */
  async #endedOrWaiting(other: Promise<unknown>): Promise<void> {
    let over = false;
    const ended = other.finally(() => {
      over = true;
    });
    // Its failure is told where it is awaited.
    ended.catch(() => undefined);
    while (!over) {
      const waiting = await this.#options.database.admin.sql`
        select from pg_stat_activity
        where datname = current_database() and application_name = ${OTHER} and wait_event_type = 'Lock'`;
      if (waiting > 0) return;
    }
  }

  async #run(name: string, work: Work, { gate, called }: Called): Promise<boolean> {
    const { database, points, twice, portOf } = this.#options;
    const process = points.process(name, gate);
    const open = () => database.connect('cuadre_jobs', { port: portOf?.(name), applicationName: called });
    const opened = { work: open(), control: open() };
    const beats = twice === undefined ? new Beats() : undefined;
    try {
      await work(process, {
        environment: {
          work: process.database(opened.work, async () => beats?.once(process)),
          control: process.database(opened.control),
          log: silent,
          codeVersion: 'test',
          config: workerConfig({ MAX_RECEIVES: String(MAX_TRIES) }),
        },
        log: silent,
        requestId: randomUUID(),
        functionArn: 'arn:aws:lambda:::function:test',
        remaining: () => 600_000,
      });
      return !process.dead;
    } catch (error) {
      // Dead, or out of its depth, a lost connection say: either way its caller comes again.
      if (error instanceof Dead || error instanceof CuadreError) return false;
      throw error;
    } finally {
      beats?.restore();
      await Promise.all([opened.work.close(), opened.control.close()]);
    }
  }

  async heartbeatsAge(): Promise<void> {
    await this.#options.database.admin
      .sql`update ops.heartbeats set beat_at = beat_at - interval '31 seconds'`;
  }
}
