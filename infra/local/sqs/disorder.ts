import type { Queue } from './server.ts';

export interface DisorderOptions {
  /** The same seed gives the same disorder for the same sequence of sends. */
  readonly seed: number;
  /** Share of the messages that arrive twice (Default: 0.2). */
  readonly duplicates?: number;
  /** Each message is late by up to this much (Default: 100). */
  readonly lateMs?: number;
}

/** A standard queue promises neither order nor a single delivery; this makes it break both, repeatably. */
export function disorderly({
  seed,
  duplicates = 0.2,
  lateMs = 100,
}: DisorderOptions): (queue: Queue) => void {
  const random = mulberry32(seed);
  return (queue) => {
    const enqueue = queue.enqueue.bind(queue);
    const late = () => Date.now() + Math.floor(random() * lateMs);
    queue.enqueue = (message) => {
      const twice = random() < duplicates;
      enqueue({ ...message, delayUntil: Math.max(message.delayUntil ?? 0, late()) });
      if (twice) enqueue({ ...message, delayUntil: Math.max(message.delayUntil ?? 0, late() + lateMs) });
    };
  };
}

/** A small seeded generator; statistics are not at stake, repetition is. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
