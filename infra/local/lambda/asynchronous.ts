import { randomUUID } from 'node:crypto';
import type { World } from '../assembly/world.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import type { Trail } from '../trail.ts';
import { InvokeRefused, limits, requestTooLarge } from './failures.ts';
import type { Completed, LocalFunction } from './function.ts';
import { eventInvokeConfig, functionName } from './types.ts';

export interface AsynchronousConfig {
  /** After the first attempt. */
  readonly retries: number;
  readonly maximumAgeSeconds: number;
  /** Queue ARN. */
  readonly onFailure?: string;
}

export const asynchronousDefaults: AsynchronousConfig = { retries: 2, maximumAgeSeconds: 21_600 };

/** Waits before the second and the third attempt, as Lambda documents them. */
const RETRY_DELAYS_MS = [60_000, 120_000];
/** A throttled event goes back to the queue; Lambda begins with a second. */
const THROTTLE_DELAY_MS = 1_000;

interface Pending {
  readonly function: LocalFunction;
  readonly config: AsynchronousConfig;
  readonly requestId: string;
  readonly payload: string;
  readonly by: string;
  readonly acceptedAt: number;
  readonly attempt: number;
  readonly over: () => void;
}

/**
 * Asynchronous invocations: accepted means queued, never "the handler succeeded". A failed attempt is repeated
 * with the same request id, and what is given up goes to the failure destination, when there is one.
 */
export class AsynchronousInvoker {
  readonly #clock: Clock;
  readonly #trail: Trail;
  readonly #send: (queueArn: string, body: string) => Promise<void>;
  readonly #configs = new Map<string, AsynchronousConfig>();
  readonly #cancels = new Set<() => void>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(clock: Clock, trail: Trail, send: (queueArn: string, body: string) => Promise<void>) {
    this.#clock = clock;
    this.#trail = trail;
    this.#send = send;
  }

  configure(functionName: string, config: AsynchronousConfig): void {
    this.#configs.set(functionName, config);
  }

  /**
   * The request id under which every attempt runs.
   * @param over once no attempt follows any more, however the last one ended
   */
  accept(target: LocalFunction, payload: string, by: string, over: () => void = () => {}): string {
    if (Buffer.byteLength(payload) > limits.asynchronousRequest) {
      throw requestTooLarge(limits.asynchronousRequest);
    }
    const requestId = randomUUID();
    const pending = {
      function: target,
      config: this.#configs.get(target.name) ?? asynchronousDefaults,
      requestId,
      payload,
      by,
      acceptedAt: this.#clock.now(),
      attempt: 1,
      over,
    };
    // Not before the caller knows that it was accepted.
    queueMicrotask(() => this.#begin(pending));
    return requestId;
  }

  /** Waits for attempts under way; those that would come later are dropped. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    await Promise.all(this.#running);
  }

  #begin(pending: Pending): void {
    const running = this.#attempt(pending).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #attempt(pending: Pending): Promise<void> {
    let completed: Completed;
    try {
      completed = await pending.function.invoke(pending.payload, pending);
    } catch (error) {
      if (this.#stopped) return;
      if (!(error instanceof InvokeRefused)) throw error;
      return await this.#later(pending, THROTTLE_DELAY_MS, pending.attempt);
    }
    if (this.#stopped) return;
    if (completed.error === undefined) {
      pending.over();
      return;
    }
    const delay = RETRY_DELAYS_MS[pending.attempt - 1];
    if (pending.attempt > pending.config.retries || delay === undefined) {
      return await this.#giveUp(pending, 'RetriesExhausted', completed);
    }
    await this.#later(pending, delay, pending.attempt + 1, completed);
  }

  async #later(pending: Pending, delay: number, attempt: number, completed?: Completed): Promise<void> {
    const age = this.#clock.now() + delay - pending.acceptedAt;
    if (age > pending.config.maximumAgeSeconds * 1000) {
      return await this.#giveUp(pending, 'EventAgeExceeded', completed);
    }
    const { name } = pending.function;
    this.#trail.record({
      kind: 'function.retrying',
      function: name,
      requestId: pending.requestId,
      attempt,
      inMilliseconds: delay,
    });
    const cancel = this.#clock.after(delay, () => {
      this.#cancels.delete(cancel);
      this.#begin({ ...pending, attempt });
    });
    this.#cancels.add(cancel);
  }

  async #giveUp(pending: Pending, condition: string, completed: Completed | undefined): Promise<void> {
    pending.over();
    const { onFailure } = pending.config;
    this.#trail.record({
      kind: 'function.given-up',
      function: pending.function.name,
      requestId: pending.requestId,
      attempts: pending.attempt,
      ...(onFailure === undefined ? {} : { destination: onFailure }),
    });
    if (onFailure === undefined) return;
    try {
      await this.#send(onFailure, failureRecord(pending, condition, completed, this.#clock));
    } catch (problem) {
      this.#trail.record({ kind: 'message.lost', queue: onFailure, reason: messageOf(problem) });
    }
  }
}

/** The queue of asynchronous invocations with what the template says of each function's. */
export function makeAsynchronous(
  world: World,
  clock: Clock,
  trail: Trail,
  send: (queueArn: string, body: string) => Promise<void>,
): AsynchronousInvoker {
  const asynchronous = new AsynchronousInvoker(clock, trail, send);
  for (const { properties } of world.all(eventInvokeConfig)) {
    const { OnFailure } = properties.DestinationConfig;
    asynchronous.configure(functionName(properties.FunctionName), {
      retries: properties.MaximumRetryAttempts,
      maximumAgeSeconds: properties.MaximumEventAgeInSeconds,
      ...(OnFailure === undefined ? {} : { onFailure: OnFailure.Destination }),
    });
  }
  return asynchronous;
}

/** The document that Lambda sends to a failure destination. */
function failureRecord(
  { function: target, requestId, payload, attempt }: Pending,
  condition: string,
  completed: Completed | undefined,
  clock: Clock,
): string {
  return JSON.stringify({
    version: '1.0',
    timestamp: new Date(clock.now()).toISOString(),
    requestContext: {
      requestId,
      functionArn: `${target.arn}:$LATEST`,
      condition,
      approximateInvokeCount: attempt,
    },
    requestPayload: JSON.parse(payload),
    ...(completed === undefined
      ? {}
      : {
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          responsePayload: JSON.parse(completed.payload),
        }),
  });
}
