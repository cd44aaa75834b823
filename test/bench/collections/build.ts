import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { AS_OF, createSchema, generate, settle } from '../claims/generate.ts';
import type { Server } from '../claims/server.ts';
import { type Answer, tryIt } from '../claims/trial.ts';
import { mebibytes, seconds, whole } from '../stats.ts';

/** The night before the one that is measured. */
const YESTERDAY = '2026-01-12';

export interface Sizes {
  readonly leads: number;
  readonly trips: number;
  readonly seed: number;
}

/**
 * Everything that the collection screens read, made by the generator and the jobs: the night of the day before the
 * as-of date is over, its view filled, and what arrived since is loaded. Only the view's refresh is still to come.
 * @returns lines to print: what the jobs took on the way
 */
export async function buildCollections(
  server: Server,
  database: string,
  sizes: Sizes,
  log: (line: string) => void,
): Promise<string[]> {
  await server.create(database);
  const job = async (name: string, asOf: string): Promise<string> => {
    log(`${name} as of ${asOf}`);
    return said(
      name,
      await tryIt({ kind: 'job', url: server.url(database, 'cuadre_jobs'), job: name, request: { asOf } }),
    );
  };
  return server.as('postgres', database, async (admin) => {
    const lines: string[] = [];
    await createSchema(admin);
    await generate(admin, sizes, /^([0-2]\d|3[01])_/, log);
    lines.push(await job('cabinet.trips-load', YESTERDAY));
    await admin.script('vacuum (analyze)');
    await generate(admin, sizes, /^[45]\d_/, log);
    lines.push(await job('cabinet.payments-ingest', YESTERDAY));
    await admin.script('vacuum (analyze)');
    lines.push(await job('cabinet.mv-refresh', YESTERDAY));
    await generate(admin, sizes, /^(32|60)_/, log);
    lines.push(await job('cabinet.trips-load', AS_OF), await job('cabinet.payments-ingest', AS_OF));
    log('vacuum and analyze');
    await settle(admin);
    return [...lines, '', ...(await sizesOf(admin))];
  });
}

function said(name: string, { milliseconds, memory, done }: Answer): string {
  const took = `${seconds(milliseconds)}, Node ${mebibytes(memory.peak)} at its peak`;
  return `${name}: ${took}\n  ${JSON.stringify(done['report'])}`;
}

const READ = [
  'public.module_ct_cabinet_leads',
  'public.drivers',
  'public.module_ct_cabinet_payments',
  'public.module_ct_scouting_daily',
  'public.module_ct_migrations',
  'canon.identity_links',
  'canon.driver_day_trips',
  'canon.claims_yango_cabinet_14d',
  'observational.lead_events',
  'observational.lead_ledger',
  'ops.yango_payment_status_ledger',
  'ops.mv_yango_cabinet_cobranza_enriched_14d',
  'ops.mv_cabinet_limbo',
];

async function sizesOf(admin: Database): Promise<string[]> {
  const found = await admin.sql(
    z.strictObject({ name: z.string(), rows: z.coerce.number(), bytes: z.coerce.number() }),
  )`
    select t.name, (xpath('/row/n/text()', query_to_xml('select count(*) as n from ' || t.name, false, true, '')))[1]::text as rows,
           pg_total_relation_size(t.name::regclass) as bytes
    from unnest(${READ}::text[]) t (name)`;
  return found.map(
    ({ name, rows, bytes }) =>
      `${name.padEnd(48)}${whole(rows).padStart(14)}${mebibytes(bytes).padStart(12)}`,
  );
}
