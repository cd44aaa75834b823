import * as z from 'zod';
import type { Sql } from '../../core/database.ts';
import { instant } from '../../core/wire.ts';

export const redriveShape = {
  redrive_id: z.guid(),
  status: z.enum(['running', 'finished', 'cancelled']),
  filter: z.record(z.string(), z.json()).describe('What was asked for.'),
  rate_per_minute: z.int(),
  operator: z.string(),
  reason: z.string(),
  created_at: instant,
  finished_at: instant.nullable(),
  runs: z.int(),
  waiting: z.int().describe('Runs whose turn has not come.'),
  retried: z.int().describe('Runs that were taken up again.'),
  refused: z.int().describe('Runs that could not be any more when their turn came.'),
  cancelled: z.int(),
};

/** ops.v_redrives: a redrive with how far it is. */
export const redriveDocument = z.strictObject(redriveShape).meta({ id: 'Redrive' });

export interface RedrivesAsked {
  readonly id?: string;
  readonly status?: string | undefined;
  /** Those after this one of a list that is newest first: when it was made, and its id. */
  readonly after?: readonly [createdAt: string, id: string] | undefined;
  readonly limit: number;
}

/** Newest first. */
export function readRedrives(sql: Sql, { id, status, after, limit }: RedrivesAsked) {
  const [time, last] = after ?? [null, null];
  return sql(redriveDocument)`
    select redrive_id, status, filter, rate_per_minute, operator, reason, created_at, finished_at,
           runs, waiting, retried, refused, cancelled
    from ops.v_redrives
    where (${id ?? null}::uuid is null or redrive_id = ${id ?? null}::uuid)
      and (${status ?? null}::text is null or status = ${status ?? null}::text)
      and (${time}::timestamptz is null or created_at < ${time}::timestamptz
           or (created_at = ${time}::timestamptz and redrive_id > ${last}::uuid))
    order by created_at desc, redrive_id
    limit ${limit}`;
}
