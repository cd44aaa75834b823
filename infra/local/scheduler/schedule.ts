import { randomBytes } from 'node:crypto';
import { type NextAfter, parseExpression } from '../../../functions/core/schedules/expression.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Trail } from '../trail.ts';

export interface ScheduleParts {
  readonly name: string;
  readonly arn: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly enabled: boolean;
  /** Milliseconds since the epoch. */
  readonly start?: number;
  readonly end?: number;
  readonly input: string;
  readonly targetArn: string;
  readonly retries: number;
  readonly maximumAgeSeconds: number;
  /** Queue ARN; takes deliveries that failed, not handlers that did. */
  readonly deadLetterQueue?: string;
  readonly clock: Clock;
  readonly trail: Trail;
  /**
   * Hands the input to the target; the request id. Throws when the target does not take it.
   * @param over once the target has dealt with it
   */
  readonly deliver: (targetArn: string, input: string, by: string, over: () => void) => string;
  readonly send: (queueArn: string, body: string, attributes: Record<string, string>) => Promise<void>;
  /**
   * Once nothing is due any more and the last time has been given up, or delivered and dealt with. The service deletes a schedule
   * some time after its last invocation: here that is as late as it may be, so that a target that counts on its being gone shows.
   */
  readonly completed: () => void;
}

/** The Scheduler repeats a failed delivery with growing waits; the first ones are these. */
const RETRY_MS = (attempt: number) => Math.min(1_000 * 2 ** (attempt - 1), 3_600_000);

const executionId = () => randomBytes(8).toString('hex');

export class Schedule {
  readonly name: string;
  readonly #parts: ScheduleParts;
  #next: NextAfter;
  readonly #pending = new Set<() => void>();
  /** Deliveries that the target is at work on. */
  #underWay = 0;
  #stopped = false;

  /** Throws when the expression or the zone is not one. */
  constructor(parts: ScheduleParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#next = this.#countingFrom(parts.clock.now());
  }

  /** Its creation, in the eyes of a rate: that is due at its start date, or at once where it has none. */
  start(): void {
    const now = this.#parts.clock.now();
    this.#next = this.#countingFrom(now);
    if (this.#parts.enabled) this.#await(now - 1);
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
  }

  /** When it is due after an instant; undefined after its end. */
  nextAfter(instant: number): number | undefined {
    const due = this.#next(instant);
    return due !== undefined && due <= (this.#parts.end ?? Number.POSITIVE_INFINITY) ? due : undefined;
  }

  /**
   * Fires as if the time had come; the request id under which the target runs, if it took the delivery.
   * `over` replaces top-level keys of the input.
   */
  fire(scheduledTime: number, over: Readonly<Record<string, unknown>> = {}): string | undefined {
    return this.#attempt(scheduledTime, 1, over);
  }

  #countingFrom(created: number): NextAfter {
    const { expression, timeZone, start } = this.#parts;
    const next = parseExpression(expression, { timeZone, origin: start ?? created });
    return (instant) => next(Math.max(instant, (start ?? 0) - 1));
  }

  #await(after: number): void {
    const due = this.nextAfter(after);
    if (due === undefined) return;
    this.#later(due - this.#parts.clock.now(), () => {
      this.fire(due);
      this.#await(due);
      this.#settle(due);
    });
  }

  /** Whether the time that was just dealt with was the last of all. */
  #settle(due: number): void {
    if (this.#stopped || this.#pending.size > 0 || this.#underWay > 0) return;
    if (this.nextAfter(due) === undefined) this.#parts.completed();
  }

  #later(milliseconds: number, callback: () => void): void {
    const cancel = this.#parts.clock.after(milliseconds, () => {
      this.#pending.delete(cancel);
      callback();
    });
    this.#pending.add(cancel);
  }

  #attempt(
    scheduledTime: number,
    attempt: number,
    over: Readonly<Record<string, unknown>>,
  ): string | undefined {
    const { trail, targetArn, deliver } = this.#parts;
    const time = `${new Date(scheduledTime).toISOString().slice(0, 19)}Z`;
    trail.record({ kind: 'schedule.fired', schedule: this.name, scheduledTime: time, attempt });
    const input = this.#input(time, attempt, over);
    try {
      const requestId = deliver(targetArn, input, `schedule ${this.name}`, () => {
        this.#underWay -= 1;
        this.#settle(scheduledTime);
      });
      this.#underWay += 1;
      trail.record({ kind: 'schedule.delivered', schedule: this.name, function: targetArn, requestId });
      return requestId;
    } catch (error) {
      this.#failed(scheduledTime, attempt, input, error, over);
      return undefined;
    }
  }

  #failed(
    scheduledTime: number,
    attempt: number,
    input: string,
    error: unknown,
    over: Readonly<Record<string, unknown>>,
  ): void {
    const { retries, maximumAgeSeconds, clock, deadLetterQueue, trail, arn, targetArn, send } = this.#parts;
    const delay = RETRY_MS(attempt);
    const tooOld = clock.now() + delay - scheduledTime > maximumAgeSeconds * 1000;
    const permanent = error instanceof Error && error.name === 'ResourceNotFoundException';
    if (attempt <= retries && !tooOld && !permanent) {
      this.#later(delay, () => {
        this.#attempt(scheduledTime, attempt + 1, over);
        this.#settle(scheduledTime);
      });
      return;
    }
    trail.record({
      kind: 'schedule.failed',
      schedule: this.name,
      scheduledTime: new Date(scheduledTime).toISOString(),
      reason: messageOf(error),
      ...(deadLetterQueue === undefined ? {} : { deadLetterQueue }),
    });
    if (deadLetterQueue === undefined) return;
    const exhausted = tooOld ? 'MaximumEventAgeInSeconds' : 'MaximumRetryAttempts';
    send(deadLetterQueue, input, {
      SCHEDULE_ARN: arn,
      TARGET_ARN: targetArn,
      SCHEDULED_TIME: new Date(scheduledTime).toISOString(),
      EXECUTION_ID: executionId(),
      RETRY_ATTEMPTS: String(attempt - 1),
      ...(permanent ? {} : { EXHAUSTED_RETRY_CONDITION: exhausted }),
      IS_PAYLOAD_TRUNCATED: 'false',
      ERROR_CODE: error instanceof Error ? error.name : 'Unknown',
      ERROR_MESSAGE: messageOf(error),
    }).catch((problem: unknown) => {
      trail.record({ kind: 'message.lost', queue: deadLetterQueue, reason: messageOf(problem) });
    });
  }

  #input(time: string, attempt: number, over: Readonly<Record<string, unknown>>): string {
    const { input } = this.#parts;
    const asked = Object.keys(over).length === 0 ? input : JSON.stringify({ ...JSON.parse(input), ...over });
    return asked
      .replaceAll('<aws.scheduler.schedule-arn>', this.#parts.arn)
      .replaceAll('<aws.scheduler.scheduled-time>', time)
      .replaceAll('<aws.scheduler.execution-id>', executionId())
      .replaceAll('<aws.scheduler.attempt-number>', String(attempt));
  }
}
