import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Sql, Transaction } from '../../core/database.ts';
import { CuadreError, NotFoundError } from '../../core/errors.ts';
import { flag, type HttpEvent, type HttpResult, notModified, ok } from '../../core/http.ts';
import type { Environment } from '../../core/services.ts';
import { instant } from '../../core/wire.ts';

/** A refresh of the materialized view: which, when, by which run, and what is dated after `as_of` is not in it. */
export const refresh = z.strictObject({
  refresh_id: z.int(),
  as_of: z.iso.date().nullable(),
  refreshed_at: instant,
  run_id: z.guid().nullable(),
});

/** As an answer says it. */
export const asOfAnswer = z.strictObject({
  source: z.enum(['live', 'materialized']),
  refresh_id: z.int().nullable(),
  as_of: z.iso.date().nullable().describe('What is dated later is not in it.'),
  refreshed_at: instant.nullable(),
  run_id: z.guid().nullable().describe('The run that refreshed the view.'),
});
asOfAnswer.register(z.globalRegistry, {
  id: 'AsOf',
  description: 'Since when the answer stands; all null but the source when it is live.',
});

export type Refresh = z.infer<typeof refresh>;

/** The materialized views that screens answer from; their names without the schema. */
export type Kept = 'mv_yango_cabinet_cobranza_enriched_14d' | 'mv_cabinet_limbo';
export const DRIVERS = 'mv_yango_cabinet_cobranza_enriched_14d' satisfies Kept;
export const LIMBO = 'mv_cabinet_limbo' satisfies Kept;

/** The query's parameter of whoever answers from a materialized view. */
export const useMaterialized = flag()
  .default(true)
  .describe('The view as of its last refresh; false: what the tables say now, which takes longer.');

interface Request {
  readonly event: HttpEvent;
  readonly environment: Environment;
}

/**
 * Answers from a materialized view, saying as of when, or (`kept` is null) from the live one. The tag stands for the refresh, so a
 * caller who has that one already is told so without the view being read.
 */
export async function answerAsOf<Found extends { readonly refresh: Refresh | null }>(
  { event, environment }: Request,
  kept: Kept | null,
  read: (sql: Sql) => Promise<Found>,
  body: (found: Found) => object,
): Promise<HttpResult> {
  if (kept === null) {
    const found = await live(environment, read);
    return ok(event, { ...body(found), as_of: asOf(null) });
  }
  const unchanged = await unchangedSince(environment.control.sql, kept, event, environment.codeVersion);
  if (unchanged !== undefined) return unchanged;
  const found = await refreshed(() => read(environment.control.sql));
  const known = required(found.refresh);
  return ok(event, { ...body(found), as_of: asOf(known) }, tagOf(event, known, environment.codeVersion));
}

export function asOf(of: Refresh | null): z.infer<typeof asOfAnswer> {
  return of === null
    ? { source: 'live', refresh_id: null, as_of: null, refreshed_at: null, run_id: null }
    : { source: 'materialized', ...of };
}

/** By the refresh, the question and the code that answers it. */
export function tagOf(event: HttpEvent, { refresh_id }: Refresh, codeVersion: string): string {
  const parts = [String(refresh_id), codeVersion, event.rawPath, event.rawQueryString];
  return `"${createHash('sha256').update(parts.join('\n')).digest('base64url')}"`;
}

/** 304 when the caller has the last refresh's answer; nothing is asked unless the caller has one. */
export async function unchangedSince(
  sql: Sql,
  kept: Kept,
  event: HttpEvent,
  codeVersion: string,
): Promise<HttpResult | undefined> {
  if (event.headers['if-none-match'] === undefined) return undefined;
  const last = await lastRefresh(sql, kept);
  return last === null ? undefined : notModified(event, tagOf(event, last, codeVersion));
}

export async function lastRefresh(sql: Sql, kept: Kept): Promise<Refresh | null> {
  const [last] = await sql(
    z.strictObject({ refresh: refresh.nullable() }),
  )`select ops.mv_as_of(${kept}) as refresh`;
  return last?.refresh ?? null;
}

/** Never a shared plan: it would keep the branch of the materialized view, and fail while that one is empty. */
export async function live<T>(environment: Environment, read: (sql: Transaction) => Promise<T>): Promise<T> {
  return environment.control.transaction(async (sql) => {
    await sql`set local plan_cache_mode = force_custom_plan`;
    return read(sql);
  });
}

/** object_not_in_prerequisite_state: read before it was ever filled. */
const NOT_POPULATED = '55000';

export async function refreshed<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof CuadreError && error.code === NOT_POPULATED ? notRefreshed() : error;
  }
}

export function required<T>(found: T | null): T {
  if (found === null) throw notRefreshed();
  return found;
}

/** Of an aggregate without groups. */
export function one<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('an aggregate without groups returned no row');
  return found;
}

function notRefreshed(): NotFoundError {
  return new NotFoundError(
    'the materialized view has not been refreshed since it was made: run cabinet.mv-refresh, or ask with use_materialized=false',
    { code: 'NOT_REFRESHED' },
  );
}
