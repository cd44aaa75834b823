import { writeFile } from 'node:fs/promises';
import type { Database } from '../../../functions/core/database.ts';
import { describeMachine } from '../machine.ts';
import { mebibytes, seconds, whole } from '../stats.ts';
import { createSchema, generate, settle, tableSizes } from './generate.ts';
import { measureClaims } from './measure.ts';
import { type Options, readOptions } from './options.ts';
import { explain } from './plan.ts';
import { reportClaims } from './report.ts';
import { roleSettings, Server, settings } from './server.ts';
import { loadTrips } from './trips.ts';

/** Holds the generated data; each measurement is taken in a copy of it. */
const ORIGINAL = 'bench_original';

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
    await build(server, options, log);
    if (options.plan !== undefined) {
      log(`plan of the statement, to ${options.plan}`);
      await server.copy(ORIGINAL, 'bench_plan');
      await writeFile(
        options.plan,
        await server.as('cuadre_jobs', 'bench_plan', (jobs) => explain(jobs, options.gaps)),
      );
      await server.drop('bench_plan');
    }
    for (const line of reportClaims(await measureClaims(server, ORIGINAL, options, log), options))
      console.log(line);
    log('done');
  } finally {
    await server.stop();
  }
}

async function build(server: Server, options: Options, log: (line: string) => void): Promise<void> {
  await server.create(ORIGINAL);
  await server.as('postgres', ORIGINAL, async (admin) => {
    log('schema');
    await createSchema(admin);
    console.log(`jobs' role  ${(await roleSettings(admin, 'cuadre_jobs')).join(', ')}\n`);
    await generate(admin, options, /^[0-2]\d_/, log);
    await generate(admin, options, /^3[01]_/, log);
    for (const line of await loadTrips(server, ORIGINAL, () => nextDay(admin, options, log), log)) {
      console.log(line);
    }
    await admin.script('analyze');
    await generate(admin, options, /^4\d_/, log);
    log('counting');
    console.log('\ntable                                          rows        size');
    for (const { name, rows, bytes } of await tableSizes(admin)) {
      console.log(`${name.padEnd(36)}${whole(rows).padStart(15)}${mebibytes(bytes).padStart(12)}`);
    }
    log('vacuum and analyze');
    await settle(admin);
  });
}

/** The rows of the night after, and what autovacuum does in the day between. */
async function nextDay(admin: Database, options: Options, log: (line: string) => void): Promise<void> {
  await admin.script('vacuum (analyze) canon.driver_day_trips, canon.trip_rejects');
  await generate(admin, options, /^32_/, log);
}
