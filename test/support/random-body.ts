import * as z from 'zod';
import { PermanentError, RetryableError } from '../../functions/core/errors.ts';
import { type Job, job, shardedJob } from '../../functions/core/job.ts';
import type { Fate } from './random-graph.ts';

const input = z.strictObject({});

/** Where the work is: it splits itself, or it is at work, whole or as a shard. */
export interface Part {
  readonly what: 'work' | 'split';
  readonly sql: Parameters<Job['run']>[0]['sql'];
  readonly jobRunId: string;
}

/**
 * A job with the fate that a random night has for it.
 * @param does in each part that does not stumble, also in one that fails
 * @param mended whether what would fail goes well by now
 */
export function bodyOf(
  name: string,
  fate: Fate,
  does: (part: Part) => unknown,
  mended: () => boolean = () => false,
): Job {
  let stumbled = false;
  const work = async ({ sql, jobRunId }: Omit<Part, 'what'>, what: Part['what'], fails: boolean) => {
    if (fate.stumbles && !stumbled) {
      stumbled = true;
      throw new RetryableError('the line is down', { code: 'DOWN' });
    }
    await does({ what, sql, jobRunId });
    if (fails && !mended()) throw new PermanentError('no books', { code: 'NO_BOOKS' });
    return { report: { done: 1 }, findings: 1 };
  };
  if (fate.shards === undefined) {
    return job({ name, input, run: (context) => work(context, 'work', fate.fails) });
  }
  const keys = Array.from({ length: fate.shards }, (_, place) => ({ key: `k${place + 1}` }));
  return shardedJob({
    name,
    input,
    shards: {
      input,
      async split(context) {
        await work(context, 'split', fate.fails);
        return keys;
      },
    },
    run: (context) => work(context, 'work', fate.failingShards.includes(context.shard.number)),
  });
}
