import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { duringPeak } from '../claims/backend-memory.ts';
import { AS_OF } from '../claims/generate.ts';
import type { Server } from '../claims/server.ts';
import { tryIt } from '../claims/trial.ts';
import { clusterCpu, postmasterOf } from '../cluster-cpu.ts';
import { rowsOf, runQuery } from './query.ts';

export interface Trial {
  readonly milliseconds: number;
  /** Of all of PostgreSQL, in milliseconds; null where the system has no /proc. */
  readonly cpu: number | null;
  /** Private to the backends, at its highest. */
  readonly memory: number | undefined;
  /** Bytes written to temporary files. */
  readonly temporary: number;
  /** Rows of the view afterwards, or of the query. */
  readonly rows: number;
}

export interface MvResult {
  readonly job: readonly Trial[];
  readonly bare: readonly Trial[];
}

/** @throws when view and query do not have the same number of rows: their times would mean nothing */
export async function measureMv(
  server: Server,
  original: string,
  rounds: number,
  log: (line: string) => void,
): Promise<MvResult> {
  const measured = { job: [] as Trial[], bare: [] as Trial[] };
  const works = { job: refresh, bare: query };
  for (let round = 0; round < rounds; round += 1) {
    // What drifts in a run (the machine's load, its temperature) weighs on both alike.
    for (const kind of ['job', 'bare', 'bare', 'job'] as const) {
      const trial = await inCopy(server, original, works[kind]);
      measured[kind].push(trial);
      log(`${kind.padEnd(6)} ${(trial.milliseconds / 1000).toFixed(2)} s, ${trial.rows} rows`);
    }
  }
  const counts = new Set([...measured.job, ...measured.bare].map(({ rows }) => rows));
  if (counts.size !== 1) throw new Error(`view and query differ: ${[...counts].join(', ')} rows`);
  return measured;
}

type Work = (
  server: Server,
  database: string,
) => Promise<{ readonly milliseconds: number; readonly rows: number }>;

/** What the job does, in a process of its own, from the start of the run in the ledger to reading its result. */
const refresh: Work = async (server, database) => {
  const url = server.url(database, 'cuadre_jobs');
  const request = { asOf: AS_OF };
  const { milliseconds } = await tryIt({ kind: 'job', url, job: 'cabinet.mv-refresh', request });
  const [found] = await server.as(
    'postgres',
    database,
    (admin) => admin.sql(z.strictObject({ n: z.int(), mode: z.string() }))`
      select (select count(*)::integer from ops.mv_yango_cabinet_cobranza_enriched_14d)
             + (select count(*)::integer from ops.mv_cabinet_limbo) as n,
             max(mode) as mode
      from (
        select mode, row_number() over (partition by mv_name order by id desc) as newest
        from ops.mv_refresh_log where mv_name in ('mv_yango_cabinet_cobranza_enriched_14d', 'mv_cabinet_limbo')
      ) refreshes
      where newest = 1`,
  );
  if (found?.mode !== 'concurrently') throw new Error(`the refresh was ${found?.mode ?? 'not logged'}`);
  return { milliseconds, rows: found.n };
};

const query: Work = async (server, database) =>
  server.as('postgres', database, async (admin) => {
    await admin.wake();
    const begun = performance.now();
    const plans = await runQuery(admin, false);
    return {
      milliseconds: performance.now() - begun,
      rows: plans.reduce((sum, plan) => sum + rowsOf(plan), 0),
    };
  });

/** In a database of its own, copied page by page from the same original: no measurement finds what another left. */
async function inCopy(server: Server, original: string, work: Work): Promise<Trial> {
  const database = 'bench_trial';
  await server.copy(original, database);
  const before = await cpuOf(server.admin);
  const { result, backendMemory } = await duringPeak(server.admin, database, () => work(server, database));
  const after = await cpuOf(server.admin);
  const [written] = await server.admin.sql(z.strictObject({ bytes: z.number() }))`
    select temp_bytes::double precision as bytes from pg_stat_database where datname = ${database}`;
  await server.drop(database);
  return {
    ...result,
    cpu: before === null || after === null ? null : after - before,
    memory: backendMemory,
    temporary: written?.bytes ?? 0,
  };
}

async function cpuOf(admin: Database): Promise<number | null> {
  const postmaster = await postmasterOf(admin);
  return postmaster === undefined ? null : clusterCpu(postmaster);
}
