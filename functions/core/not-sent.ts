import { RetryableError } from './errors.ts';

/** Messages for one job's queue that were not taken, for one reason. */
export interface Refusal {
  readonly job: string;
  readonly queueUrl: string | undefined;
  /** SQS's word for it, its client's, or UNKNOWN_QUEUE where the function has no URL. */
  readonly code: string;
  readonly ids: readonly string[];
}

/** Message ids that are named of one refusal: a job may have a thousand shards. */
const MOST_NAMED = 10;

/** SQS did not take all that it was given. What it did not take is in the outbox as before, so that nothing is lost. */
export class NotSentError extends RetryableError {
  override readonly name = 'NotSentError';
  readonly refusals: readonly Refusal[];
  /** SQS's message id by ours, for those that it took. */
  readonly taken: ReadonlyMap<string, string>;

  constructor(refusals: readonly Refusal[], taken: ReadonlyMap<string, string>, cause?: unknown) {
    const count = refusals.reduce((sum, { ids }) => sum + ids.length, 0);
    super(`${count} messages were not sent and stay due: ${refusals.map(describe).join('; ')}`, {
      code: refusals.every(({ code }) => code === 'UNKNOWN_QUEUE') ? 'UNKNOWN_QUEUE' : 'SQS',
      cause,
    });
    this.refusals = refusals;
    this.taken = taken;
  }
}

function describe({ job, queueUrl = 'no queue of this function', code, ids }: Refusal): string {
  const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : '';
  return `${job}: ${code} (${queueUrl}; outbox ${ids.slice(0, MOST_NAMED).join(', ')}${more})`;
}
