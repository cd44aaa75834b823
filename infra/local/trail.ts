import type { Clock } from './clock.ts';

/** What happened in the stack, as an observer of the real services would tell it. */
export type Happening =
  | { kind: 'schedule.fired'; schedule: string; scheduledTime: string; attempt: number }
  | { kind: 'schedule.delivered'; schedule: string; function: string; requestId: string }
  | {
      kind: 'schedule.failed';
      schedule: string;
      scheduledTime: string;
      reason: string;
      deadLetterQueue?: string;
    }
  | { kind: 'schedule.deleted'; schedule: string }
  | { kind: 'message.sent'; queue: string; messageId: string; body: string }
  | { kind: 'message.received'; queue: string; messageId: string; receiveCount: number; by: string }
  | { kind: 'message.deleted'; queue: string; messageId: string }
  | { kind: 'message.dead-lettered'; queue: string; messageId: string }
  | {
      kind: 'topic.published';
      topic: string;
      messageId: string;
      body: string;
      attributes: Readonly<Record<string, string>>;
    }
  /** What a service would have put into a queue and the queue did not take. */
  | { kind: 'message.lost'; queue: string; reason: string }
  | { kind: 'object.stored'; bucket: string; key: string }
  | { kind: 'object.deleted'; bucket: string; key: string }
  | { kind: 'environment.started'; function: string; environment: number; milliseconds: number }
  | { kind: 'environment.ended'; function: string; environment: number; why: string }
  | { kind: 'function.invoked'; function: string; requestId: string; by: string; cold: boolean }
  | {
      kind: 'function.ended';
      function: string;
      requestId: string;
      outcome: 'succeeded' | 'failed' | 'timed-out';
      milliseconds: number;
      error?: { errorType: string; errorMessage: string };
    }
  | {
      kind: 'function.retrying';
      function: string;
      requestId: string;
      attempt: number;
      inMilliseconds: number;
    }
  | { kind: 'function.given-up'; function: string; requestId: string; attempts: number; destination?: string }
  | { kind: 'batch.failed'; queue: string; function: string; messageIds: string[]; reason: string }
  | { kind: 'request.answered'; method: string; path: string; status: number; milliseconds: number };

export type Kind = Happening['kind'];
export type Trailed<K extends Kind = Kind> = Extract<Happening, { kind: K }> & {
  /** 1 for the first thing that happened. */
  readonly sequence: number;
  /** Milliseconds since the epoch, by the stack's clock. */
  readonly at: number;
};

function isOf<K extends Kind>(event: Trailed, kind: K): event is Trailed<K> {
  return event.kind === kind;
}

/** The oldest are forgotten beyond this many: a stack may stay up for weeks. */
const REMEMBERED = 20_000;

export class Trail {
  #sequence = 0;
  #events: Trailed[] = [];
  #listeners = new Set<(event: Trailed) => void>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get events(): readonly Trailed[] {
    return this.#events;
  }

  /** Where the trail stands: pass it to `waitFor` to await only what comes after. */
  get position(): number {
    return this.#sequence;
  }

  record(happening: Happening): void {
    this.#sequence += 1;
    const event = { ...happening, sequence: this.#sequence, at: this.#clock.now() };
    this.#events.push(event);
    if (this.#events.length > 2 * REMEMBERED) this.#events = this.#events.slice(-REMEMBERED);
    for (const listener of this.#listeners) listener(event);
  }

  /** What has happened of one kind. */
  all<K extends Kind>(kind: K): Trailed<K>[] {
    return this.#events.filter((event) => isOf(event, kind));
  }

  subscribe(listener: (event: Trailed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The first event of the kind that satisfies the predicate, past or future; `after` is a position.
   * Rejects after `timeoutMs` (default 30,000) of machine time with the trail's last events.
   */
  waitFor<K extends Kind>(
    kind: K,
    predicate: (event: Trailed<K>) => boolean = () => true,
    options: { after?: number; timeoutMs?: number } = {},
  ): Promise<Trailed<K>> {
    const after = options.after ?? 0;
    const matches = (event: Trailed): event is Trailed<K> =>
      isOf(event, kind) && event.sequence > after && predicate(event);
    const past = this.#events.find(matches);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        unsubscribe();
        reject(new Error(`no ${kind} as awaited; the trail ends with:\n${this.tell(20)}`));
      }, options.timeoutMs ?? 30_000);
      const unsubscribe = this.subscribe((event) => {
        if (!matches(event)) return;
        clearTimeout(timer);
        unsubscribe();
        resolve(event);
      });
    });
  }

  /** The last events, a line each. */
  tell(last: number): string {
    return this.#events
      .slice(-last)
      .map(({ sequence, at, kind, ...rest }) => {
        return `${sequence} ${new Date(at).toISOString()} ${kind} ${JSON.stringify(rest)}`;
      })
      .join('\n');
  }
}
