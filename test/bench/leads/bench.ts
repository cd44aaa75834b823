import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import type { Database } from '../../../functions/core/database.ts';
import { parse } from '../../../functions/core/input.ts';
import { duringPeak } from '../claims/backend-memory.ts';
import { AS_OF, createSchema } from '../claims/generate.ts';
import { runJob } from '../claims/job.ts';
import { type Measured, measured } from '../claims/measured.ts';
import { Server, settings } from '../claims/server.ts';
import { describeMachine } from '../machine.ts';
import { mebibytes, seconds, whole } from '../stats.ts';
import { quality } from './quality.ts';

const options = z.strictObject({
  leads: z.coerce.number().pipe(z.int().min(1000).max(1_000_000)).default(1_000_000),
  seed: z.coerce.number().pipe(z.int().min(1).max(1_000_000)).default(1),
});

const DATABASE = 'bench_leads';

/** Nobody is linked yet: every lead is judged, and every match makes a person, two links, an event and a decision. */
export async function bench(args: readonly string[]): Promise<void> {
  const flags = { leads: { type: 'string' }, seed: { type: 'string' } } as const;
  const { values } = parseArgs({ args: [...args], strict: true, options: flags });
  const { leads, seed } = parse(options, { ...values });
  const server = await Server.start();
  try {
    for (const line of await describeMachine(server.admin)) console.log(line);
    const given = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
    console.log(`settings    ${given.join(', ')}\n`);
    await server.create(DATABASE);
    await server.as('postgres', DATABASE, async (admin) => {
      await generate(admin, leads, seed);
      await measure(server, admin, leads);
      for (const line of await quality(admin)) console.log(line);
    });
  } finally {
    await server.stop();
  }
}

async function generate(admin: Database, leads: number, seed: number): Promise<void> {
  await createSchema(admin);
  const text = await readFile(join(import.meta.dirname, 'generate.sql'), 'utf8');
  await admin.transaction(async (sql) => {
    await sql`
      select set_config(name, value, true)
      from (values ('bench.leads', ${String(leads)}), ('bench.seed', ${String(seed)}), ('work_mem', '1GB'), ('synchronous_commit', 'off')) s (name, value)`;
    await sql.script(text);
  });
  await admin.script('vacuum (analyze)');
  const [row] = await admin.sql(z.strictObject({ leads: z.int(), drivers: z.int() }))`
    select (select count(*) from public.module_ct_cabinet_leads)::integer as leads, (select count(*) from public.drivers)::integer as drivers`;
  console.log(`${whole(row?.leads ?? 0)} leads, ${whole(row?.drivers ?? 0)} drivers`);
  console.log(`${''.padEnd(52)}${'time'.padStart(10)}${'processor'.padStart(12)}`);
}

async function measure(server: Server, admin: Database, leads: number): Promise<void> {
  const statement = (what: string, file: string) =>
    timed(what, async () =>
      measured([admin], async () => {
        await admin.script(await readFile(join(import.meta.dirname, file), 'utf8'));
        return {};
      }),
    );
  const refresh = (what: string) =>
    timed(what, () =>
      measured([admin], async () => {
        const [done] = await admin.sql(
          refreshed,
        )`select inserted, updated, removed from canon.refresh_drivers_index()`;
        return done ?? {};
      }),
    );
  const run = (what: string, request: object) =>
    timed(what, async () => {
      const order = { url: server.url(DATABASE, 'cuadre_jobs'), job: 'cabinet.leads-reconcile' };
      const work = () =>
        runJob({ ...order, request: { asOf: AS_OF, repairEvents: true, dryRun: false, ...request } });
      const { result, backendMemory } = await duringPeak(server.admin, DATABASE, work);
      memory.push(
        `${what}: Node ${mebibytes(result.peak)}, backends ${backendMemory === undefined ? 'not known' : mebibytes(backendMemory)} private`,
      );
      return result;
    });
  const memory: string[] = [];
  const everything = { daysBack: 'all', limit: leads };

  const filled = await refresh('drivers index, first fill');
  await refresh('drivers index, nothing changed');
  await admin.script(`
    update public.drivers set phone = '9' || right(md5(driver_id), 8)
    where driver_id in (select driver_id from bench.driver where kind = 'PLATE' order by driver_id limit 1000)`);
  const changed = await refresh('drivers index, 1,000 drivers changed');
  console.log(
    `  ${JSON.stringify(changed.done)}; ${(changed.milliseconds / filled.milliseconds).toFixed(3)} of the first fill`,
  );
  await statement('bare: the joins of the keys, counted', 'bare_joins.sql').then(async (bare) => {
    const judged = await statement('judging all leads, nothing written', 'judge.sql');
    console.log(`  judging / bare joins  ${ratio(judged, bare)}`);
    const first = await run('the job, first run', everything);
    await admin.script('analyze');
    const written = await statement('bare: what the run wrote, inserted once more', 'bare_writes.sql');
    console.log(`  first run / (judging + bare writes)  ${ratio(first, judged, written)}`);
  });
  await admin.script('vacuum (analyze)');
  await run('the job, second run over everything', everything);
  await run('the job as every night: 30 days, 2,000 leads', {});
  for (const line of memory) console.log(`memory, ${line}`);
}

const refreshed = z.strictObject({ inserted: z.int(), updated: z.int(), removed: z.int() });

async function timed(what: string, work: () => Promise<Measured>): Promise<Measured> {
  const took = await work();
  const cpu = took.cpu === null ? 'not known' : seconds(took.cpu);
  console.log(`${what.padEnd(52)}${seconds(took.milliseconds).padStart(10)}${cpu.padStart(12)}`);
  return took;
}

/** Of one to the sum of the others: by the clock, and by processor time, which other work on the machine does not change as much. */
function ratio(one: Measured, ...others: readonly Measured[]): string {
  const sum = (of: (each: Measured) => number) => others.reduce((total, each) => total + of(each), 0);
  const clock = one.milliseconds / sum(({ milliseconds }) => milliseconds);
  const cpu = (one.cpu ?? Number.NaN) / sum(({ cpu }) => cpu ?? Number.NaN);
  return `${clock.toFixed(2)} by the clock, ${cpu.toFixed(2)} by processor time`;
}
