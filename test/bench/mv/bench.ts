import { writeFile } from 'node:fs/promises';
import { roleSettings, Server, settings } from '../claims/server.ts';
import { buildCollections } from '../collections/build.ts';
import { describeMachine } from '../machine.ts';
import { mebibytes, type Spread, seconds, spread, whole } from '../stats.ts';
import { type MvResult, measureMv, type Trial } from './measure.ts';
import { type Options, readOptions } from './options.ts';
import { runQuery } from './query.ts';

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
    const built = await buildCollections(server, ORIGINAL, options, log);
    console.log(`jobs' role  ${(await roleSettings(server.admin, 'cuadre_jobs')).join(', ')}\n`);
    for (const line of built) console.log(line);
    if (options.plan !== undefined) {
      log(`plans of the queries, to ${options.plan}`);
      const plans = await server.as('postgres', ORIGINAL, (admin) => runQuery(admin, true));
      await writeFile(options.plan, `${plans.flat().join('\n')}\n`);
    }
    for (const line of report(await measureMv(server, ORIGINAL, options.rounds, log), options))
      console.log(line);
    log('done');
  } finally {
    await server.stop();
  }
}

function report({ job, bare }: MvResult, { leads, trips }: Options): string[] {
  const rows = job[0]?.rows ?? Number.NaN;
  const clock = ({ milliseconds }: Trial) => milliseconds;
  const processor = ({ cpu }: Trial) => cpu ?? Number.NaN;
  return [
    '',
    `mv: ${whole(rows)} rows of drivers and limbo over ${whole(leads)} leads and ${whole(trips)} trip rows`,
    ...compare('time', spread(job.map(clock)), spread(bare.map(clock))),
    ...compare('processor', spread(job.map(processor)), spread(bare.map(processor))),
    `  memory, job        ${memory(job)}`,
    `  memory, bare       ${memory(bare)}`,
  ];
}

function compare(name: string, job: Spread, bare: Spread): string[] {
  const line = (kind: string, { median, min, max, n }: Spread) =>
    `  ${`${name}, ${kind}`.padEnd(18)} median ${seconds(median)}  min ${seconds(min)}  max ${seconds(max)}  of ${n}`;
  const ratio = (pick: (of: Spread) => number) => (pick(job) / pick(bare)).toFixed(3);
  const ratios = `${ratio(({ median }) => median)} of medians, ${ratio(({ min }) => min)} of minima`;
  return [line('job', job), line('bare', bare), `  ${`${name}, ratio`.padEnd(18)} ${ratios}`];
}

function memory(trials: readonly Trial[]): string {
  const highest = (of: (trial: Trial) => number) => mebibytes(Math.max(...trials.map(of)));
  return `backends ${highest((trial) => trial.memory ?? Number.NaN)} private, temporary files ${highest(({ temporary }) => temporary)}`;
}
