import { Gate } from './gate.ts';
import { type Connections, invoked, type Work } from './invoked.ts';
import type { WorldOptions } from './world-options.ts';

interface Called {
  readonly gate?: Gate;
  /** How the database knows its connections. */
  readonly called?: string;
}

const OTHER = 'the other one';

/**
 * The processes of a night, one after the other; one of them, where it is said, twice at once. A function's environment
 * stays warm, as Lambda's do: its next process has the connections of the last one, unless that one died.
 */
export class Processes {
  readonly #options: Pick<WorldOptions, 'database' | 'points' | 'twice' | 'portOf'>;
  readonly #warm = new Map<string, Connections>();
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
    const { points, twice } = this.#options;
    const process = points.process(name, gate);
    const beside = called !== undefined;
    const connections = beside ? this.#open(name, called) : this.#connections(name);
    try {
      return await invoked(process, connections, work, { beating: twice === undefined });
    } finally {
      if (beside) await closed(connections);
      else if (process.dead) await this.#forget(name);
    }
  }

  #open(name: string, applicationName?: string): Connections {
    const { database, portOf } = this.#options;
    const open = () => database.connect('cuadre_jobs', { port: portOf?.(name), applicationName });
    return { work: open(), control: open() };
  }

  #connections(name: string): Connections {
    const warm = this.#warm.get(name) ?? this.#open(name);
    this.#warm.set(name, warm);
    return warm;
  }

  async #forget(name: string): Promise<void> {
    const connections = this.#warm.get(name);
    this.#warm.delete(name);
    if (connections !== undefined) await closed(connections);
  }

  async close(): Promise<void> {
    for (const name of [...this.#warm.keys()]) await this.#forget(name);
  }

  async heartbeatsAge(): Promise<void> {
    await this.#options.database.admin
      .sql`update ops.heartbeats set beat_at = beat_at - interval '31 seconds'`;
  }
}

async function closed({ work, control }: Connections): Promise<void> {
  await Promise.all([work.close(), control.close()]);
}
