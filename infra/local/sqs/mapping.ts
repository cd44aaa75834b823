import type { Clock } from '../clock.ts';
import { limits } from '../lambda/failures.ts';
import type { LocalFunction } from '../lambda/function.ts';
import type { Trail } from '../trail.ts';
import { batchEvent, judge, type ReceivedMessage, received } from './batch.ts';
import type { QueueServer } from './server.ts';
import { queueNameOf } from './types.ts';

export interface MappingParts {
  readonly queueArn: string;
  readonly target: LocalFunction;
  readonly batchSize: number;
  readonly windowSeconds: number;
  /** Read from the template's FunctionResponseTypes. */
  readonly reportsItemFailures: boolean;
  readonly maximumConcurrency?: number;
  readonly server: QueueServer;
  readonly clock: Clock;
  readonly trail: Trail;
}

/** Lambda begins with five pollers a queue; here it stays at five. */
const POLLERS = 5;
/** SQS gives and takes no more at once. */
const SQS_BATCH = 10;
const LONG_POLL_SECONDS = 20;

/** An event source mapping: reads a queue, gives batches to the function, deletes what was done. */
export class Mapping {
  readonly #parts: MappingParts;
  readonly #queueName: string;
  readonly #queueUrl: string;
  readonly #running = new Set<Promise<void>>();
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();
  #stopWaiting: () => void = () => {};

  constructor(parts: MappingParts) {
    this.#parts = parts;
    this.#queueName = queueNameOf(parts.queueArn);
    this.#queueUrl = parts.server.queue(this.#queueName).url;
  }

  start(): void {
    this.#loop = this.#poll();
  }

  /** Takes no more messages; resolves when the batches under way are done. `QueueServer.interrupt` ends its poll. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stopWaiting();
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #poll(): Promise<void> {
    const concurrency = this.#parts.maximumConcurrency ?? POLLERS;
    while (!this.#stopping) {
      if (this.#running.size >= concurrency) {
        await Promise.race(this.#running);
        continue;
      }
      const batch = await this.#collect();
      for (const part of withinLimit(batch, this.#parts.queueArn)) {
        const running = this.#handle(part).finally(() => this.#running.delete(running));
        this.#running.add(running);
      }
    }
  }

  async #collect(): Promise<ReceivedMessage[]> {
    const { batchSize, windowSeconds, clock } = this.#parts;
    const batch = await this.#receive(batchSize, LONG_POLL_SECONDS);
    if (batch.length === 0 || windowSeconds === 0) return batch;
    const end = clock.now() + windowSeconds * 1000;
    while (batch.length < batchSize && clock.now() < end && !this.#stopping) {
      const more = await this.#receive(batchSize - batch.length, 0);
      batch.push(...more);
      if (more.length === 0) await this.#wait(Math.min(end - clock.now(), 50));
    }
    return batch;
  }

  async #receive(wanted: number, waitSeconds: number): Promise<ReceivedMessage[]> {
    const answer = await this.#parts.server.call('ReceiveMessage', {
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: Math.min(wanted, SQS_BATCH),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const messages = received.parse(answer).Messages;
    for (const { MessageId, Attributes } of messages) {
      this.#parts.trail.record({
        kind: 'message.received',
        queue: this.#queueName,
        messageId: MessageId,
        receiveCount: Number(Attributes['ApproximateReceiveCount'] ?? 0),
        by: this.#parts.target.name,
      });
    }
    return messages;
  }

  /** A message that failed is left alone: it can be seen again when its visibility timeout ends, never before. */
  async #handle(messages: readonly ReceivedMessage[]): Promise<void> {
    const { target, queueArn, reportsItemFailures } = this.#parts;
    const outcome = await target
      .invokeWhenFree(batchEvent(messages, queueArn), { by: `queue ${this.#queueName}` })
      .catch((error: Error) => ({ payload: 'null', error: { errorMessage: error.message } }));
    if (outcome.error !== undefined) return this.#failed(messages, outcome.error.errorMessage);
    const verdict = reportsItemFailures ? judge(outcome.payload, messages) : { failed: new Set<string>() };
    if ('refused' in verdict) return this.#failed(messages, verdict.refused);
    const failed = messages.filter(({ MessageId }) => verdict.failed.has(MessageId));
    if (failed.length > 0) this.#failed(failed, 'reported by the function');
    await this.#delete(messages.filter((message) => !failed.includes(message)));
  }

  async #delete(messages: readonly ReceivedMessage[]): Promise<void> {
    for (let from = 0; from < messages.length; from += SQS_BATCH) {
      await this.#parts.server.call('DeleteMessageBatch', {
        QueueUrl: this.#queueUrl,
        Entries: messages
          .slice(from, from + SQS_BATCH)
          .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      });
    }
  }

  #failed(messages: readonly ReceivedMessage[], reason: string): void {
    this.#parts.trail.record({
      kind: 'batch.failed',
      queue: this.#queueName,
      function: this.#parts.target.name,
      messageIds: messages.map(({ MessageId }) => MessageId),
      reason,
    });
  }

  async #wait(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(milliseconds, resolve);
      this.#stopWaiting = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** A batch whose event would exceed Lambda's 6 MB goes in several. */
function withinLimit(batch: readonly ReceivedMessage[], queueArn: string): ReceivedMessage[][] {
  if (batch.length === 0) return [];
  if (batch.length === 1 || Buffer.byteLength(batchEvent(batch, queueArn)) <= limits.synchronousRequest) {
    return [[...batch]];
  }
  const half = Math.ceil(batch.length / 2);
  return [...withinLimit(batch.slice(0, half), queueArn), ...withinLimit(batch.slice(half), queueArn)];
}
