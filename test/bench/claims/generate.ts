import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { migrate } from '../../../functions/core/migrate.ts';
import { createUpstream } from '../../../infra/local/data/upstream.ts';
import type { Options } from './options.ts';

const sqlDirectory = join(import.meta.dirname, '../../../sql');
const generators = join(import.meta.dirname, 'generate');

/** Generated data ends on this day, and the jobs run as of it. */
export const AS_OF = '2026-01-13';

/** The upstream's tables and the whole schema. */
export async function createSchema(admin: Database): Promise<void> {
  await createUpstream(admin, sqlDirectory);
  await migrate(admin, sqlDirectory);
}

/** Runs the generators whose numbers begin with the digit, each a transaction. */
export async function generate(
  admin: Database,
  { leads, trips, seed }: Pick<Options, 'leads' | 'trips' | 'seed'>,
  numbers: RegExp,
  log: (line: string) => void,
): Promise<void> {
  const files = (await readdir(generators)).filter((file) => numbers.test(file)).sort();
  for (const file of files) {
    const text = await readFile(join(generators, file), 'utf8');
    log(file.replace('.sql', ''));
    await admin.transaction(async (sql) => {
      // Sorts and hashes of the generator itself; the measured database has the server's own setting.
      await sql`
        select set_config(name, value, true)
        from (values ('bench.leads', ${String(leads)}), ('bench.trips', ${String(trips)}), ('bench.seed', ${String(seed)}),
                     ('bench.as_of', ${AS_OF}), ('work_mem', '1GB'), ('synchronous_commit', 'off')) s (name, value)`;
      await sql.script(text);
    });
  }
}

const counted = z.strictObject({ name: z.string(), rows: z.coerce.number(), bytes: z.coerce.number() });
export type TableSize = z.infer<typeof counted>;

/** Exact, by counting. */
export async function tableSizes(admin: Database): Promise<TableSize[]> {
  return admin.sql(counted)`
    select t.name, (xpath('/row/n/text()', query_to_xml('select count(*) as n from ' || t.name, false, true, '')))[1]::text as rows,
           pg_total_relation_size(t.name::regclass) as bytes
    from unnest(array[
      'public.module_ct_cabinet_leads', 'public.drivers', 'public.summary_daily', 'canon.identity_registry', 'canon.identity_links',
      'canon.driver_orphan_quarantine', 'observational.lead_events', 'observational.lead_ledger', 'canon.driver_day_trips',
      'canon.trip_rejects', 'canon.claims_yango_cabinet_14d', 'ops.decisions'
    ]) t (name)`;
}

/**
 * What the claims job does not read is left behind, so that a copy is smaller; the rest gets the statistics and the
 * visibility map that autovacuum would have given it.
 */
export async function settle(admin: Database): Promise<void> {
  await admin.script('drop schema bench cascade; truncate public.summary_daily');
  await admin.script('vacuum (analyze)');
}
