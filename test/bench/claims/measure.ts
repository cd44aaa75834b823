import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { duringPeak } from './backend-memory.ts';
import { AS_OF } from './generate.ts';
import type { Options } from './options.ts';
import type { Server } from './server.ts';
import { type Answer, type Order, tryIt } from './trial.ts';

const effect = z.strictObject({
  /** Claims inserted, by the decisions on gaps. */
  claims: z.int(),
  /** Gaps decided. */
  decisions: z.int(),
  /** Claims in the table. */
  total: z.int(),
  /** Bytes written to temporary files. */
  temporary: z.number(),
});

export interface Trial extends Answer {
  readonly effect: z.infer<typeof effect>;
  readonly backendMemory: number | undefined;
}

export interface ClaimsResult {
  readonly job: readonly Trial[];
  readonly bare: readonly Trial[];
  readonly byDriver: Trial;
  readonly byPerson: Trial;
}

/** No gap of the loops is begun after this. */
const LOOP_SECONDS = 60;

export async function measureClaims(
  server: Server,
  original: string,
  { gaps, rounds, sample }: Options,
  log: (line: string) => void,
): Promise<ClaimsResult> {
  const asOf = AS_OF;
  const request = { asOf, limit: gaps, daysBack: 'all' };
  const trial = (what: (url: string) => Order) => inCopy(server, original, what, log);
  const runs = {
    job: () => trial((url) => ({ kind: 'job', url, job: 'cabinet.claims-reconcile', request })),
    bare: () => trial((url) => ({ kind: 'bare', url, asOf, limit: gaps })),
  };
  const measured = { job: [] as Trial[], bare: [] as Trial[] };
  for (let round = 0; round < rounds; round += 1) {
    // What drifts in a run (the machine's load, its temperature) weighs on both alike.
    for (const kind of ['job', 'bare', 'bare', 'job'] as const) measured[kind].push(await runs[kind]());
  }
  const loop = (by: 'driver' | 'person') =>
    trial((url) => ({ kind: 'loop', url, asOf, by, limit: sample, seconds: LOOP_SECONDS }));
  const result = { ...measured, byPerson: await loop('person'), byDriver: await loop('driver') };
  assertSame([...result.job, ...result.bare]);
  return result;
}

/**
 * In a database of its own, copied page by page from the same original: no measurement finds what another left. What
 * the statement reads is read once before, so that neither pays for the disk.
 */
async function inCopy(
  server: Server,
  original: string,
  what: (url: string) => Order,
  log: (line: string) => void,
): Promise<Trial> {
  const database = 'bench_trial';
  await server.copy(original, database);
  await server.as('cuadre_jobs', database, warm);
  const order = what(server.url(database, 'cuadre_jobs'));
  const { result, backendMemory } = await duringPeak(server.admin, database, () => tryIt(order));
  const found = await server.as(
    'postgres',
    database,
    (admin) => admin.sql(effect)`
    select count(*) filter (where decision = 'INSERTED')::integer as claims, count(*)::integer as decisions,
           (select count(*)::integer from canon.claims_yango_cabinet_14d) as total,
           (select temp_bytes::double precision from pg_stat_database where datname = current_database()) as temporary
    from ops.decisions where subject like 'lead:%'`,
  );
  await server.drop(database);
  const [row] = found;
  if (row === undefined) throw new Error('a count returned no row');
  const name = order.kind === 'loop' ? `loop by ${order.by}` : order.kind;
  const cpu = result.cpu === null ? '' : `, ${(result.cpu / 1000).toFixed(2)} s of processor`;
  log(`${name.padEnd(15)} ${(result.milliseconds / 1000).toFixed(3)} s${cpu}`);
  return { ...result, effect: row, backendMemory };
}

async function warm(jobs: Database): Promise<void> {
  await jobs.transaction(async (sql) => {
    await sql`select set_config('cuadre.as_of', ${AS_OF}, true)`;
    await sql`select count(*), sum(trips_14d) from ops.v_cabinet_claims_gap_14d`;
  });
}

/** @throws when one of them did something else than the others: their times would mean nothing */
function assertSame(trials: readonly Trial[]): void {
  const said = trials.map(({ effect: { claims, decisions, total } }) => ({ claims, decisions, total }));
  const odd = said.find((each) => !isDeepStrictEqual(each, said[0]));
  if (odd !== undefined) throw new Error(`the job and the bare statement differ: ${JSON.stringify(said)}`);
}
