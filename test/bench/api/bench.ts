import { availableParallelism } from 'node:os';
import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { AS_OF } from '../claims/generate.ts';
import { Server, settings } from '../claims/server.ts';
import { tryIt } from '../claims/trial.ts';
import { clusterCpu, postmasterOf } from '../cluster-cpu.ts';
import { buildCollections } from '../collections/build.ts';
import { describeMachine } from '../machine.ts';
import { mebibytes, seconds, whole } from '../stats.ts';
import { exportOnce, type Outcome } from './csv.ts';
import { measureQuestions } from './measure.ts';
import { readOptions } from './options.ts';
import { questions } from './questions.ts';
import { reportQuestions } from './report.ts';
import { Side } from './side.ts';

const DATABASE = 'bench_api';

export async function bench(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  const begun = performance.now();
  const log = (line: string) =>
    console.error(`  ${seconds(performance.now() - begun).padStart(10)}  ${line}`);
  const server = await Server.start();
  try {
    for (const line of await describeMachine(server.admin)) console.log(line);
    const given = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
    console.log(`settings    ${given.join(', ')}`);
    for (const line of await buildCollections(server, DATABASE, options, log)) console.log(line);
    log('cabinet.mv-refresh');
    const url = server.url(DATABASE, 'cuadre_jobs');
    await tryIt({ kind: 'job', url, job: 'cabinet.mv-refresh', request: { asOf: AS_OF } });
    await measureApi(server, DATABASE, options, log);
    log('done');
  } finally {
    await server.stop();
  }
}

/** The measurements alone, over a database that is there and refreshed. */
export async function measureApi(
  server: {
    readonly admin: Database;
    url(database: string, role: 'cuadre_reader'): string;
    as: Server['as'];
  },
  database: string,
  options: { readonly rounds: number; readonly seconds: number },
  log: (line: string) => void,
): Promise<void> {
  const { rows, deep, week, lead } = await server.as('postgres', database, landmarks);
  const asked = questions(deep, week, lead);
  console.log(
    `\napi: ${whole(rows)} rows of the view; one connection per server, ${availableParallelism()} cores for all`,
  );
  const url = server.url(database, 'cuadre_reader');
  const postmaster = await postmasterOf(server.admin);
  const product = await Side.start('product.ts', [], { DATABASE_URL: url, LOG_LEVEL: 'error' });
  try {
    const bare = await Side.start('bare.ts', [url, ...asked.map(({ path }) => path)], {});
    try {
      const measured = await measureQuestions({ product, bare }, asked, postmaster, options, log);
      for (const line of reportQuestions(measured)) console.log(line);
    } finally {
      await bare.stop();
    }
  } finally {
    await product.stop();
  }
  console.log('\nthe whole table as a file');
  for (const kind of ['product', 'bare', 'bare', 'product'] as const) {
    log(`the whole table as a file, ${kind}`);
    const before = await postgresCpu(postmaster);
    const done = await exportOnce(kind, url);
    console.log(`  ${kind.padEnd(8)} ${sayExport(done, (await postgresCpu(postmaster)) - before)}`);
  }
}

async function postgresCpu(postmaster: number | undefined): Promise<number> {
  return postmaster === undefined ? Number.NaN : clusterCpu(postmaster);
}

/** @param postgres milliseconds of processor of the database */
function sayExport({ milliseconds, refusal, rows, bytes, memory, cpu }: Outcome, postgres: number): string {
  const took = `${seconds(milliseconds)}, ${mebibytes(memory ?? Number.NaN)} above idle`;
  return refusal === null
    ? `${whole(rows)} rows, ${mebibytes(bytes)} in ${took}; processor ${seconds(cpu)} + ${seconds(postgres)} of PostgreSQL, ${whole((rows / (cpu + postgres)) * 1000)} rows per second of it`
    : `no file after ${took}: ${refusal}`;
}

async function landmarks(admin: Database) {
  await admin.script(
    'vacuum (analyze) ops.mv_yango_cabinet_cobranza_enriched_14d, ops.mv_cabinet_cobranza_totals, ops.mv_cabinet_limbo, ops.mv_cabinet_limbo_totals',
  );
  const [found] = await admin.sql(
    z.strictObject({
      rows: z.int(),
      lead_date: z.iso.date(),
      driver_id: z.string(),
      week: z.iso.date(),
      limbo_date: z.iso.date(),
      lead_id: z.int(),
    }),
  )`
    with middle as (
      select lead_date, driver_id, week_start from ops.mv_yango_cabinet_cobranza_enriched_14d
      order by lead_date desc, driver_id
      offset (select count(*) / 2 from ops.mv_yango_cabinet_cobranza_enriched_14d) limit 1
    ), lead as (
      select lead_date as limbo_date, lead_id from ops.mv_cabinet_limbo
      order by lead_date desc, lead_id
      offset (select count(*) / 2 from ops.mv_cabinet_limbo) limit 1
    )
    select (select count(*)::integer from ops.mv_yango_cabinet_cobranza_enriched_14d) as rows,
           lead_date, driver_id, week_start as week, limbo_date, lead_id
    from middle cross join lead`;
  if (found === undefined) throw new Error('the view has no rows');
  const { rows, week, lead_date, driver_id, limbo_date, lead_id } = found;
  return { rows, week, deep: { lead_date, driver_id }, lead: { lead_date: limbo_date, lead_id } };
}
