/** `npm run simulate -- [options]`. Exit codes: 0 all nights equal, 1 a night differs or hangs, 2 refused. */
import { DAY } from './clock.ts';
import { optionsOf, type SimulateOptions, usage } from './options.ts';
import { simulate } from './simulate.ts';
import { onStages } from './stages.ts';

/** Of what differs. */
const SHOWN = 20;

async function main(args: readonly string[]): Promise<number> {
  let options: SimulateOptions;
  try {
    options = optionsOf(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    return 2;
  }
  const { seed, days, disorder } = options;
  console.log(`${days} nights of cabinet-daily, seed ${seed}, disorder ${disorder}`);
  const simulated = await onStages((stages) =>
    simulate(options, stages, (spent) => {
      if (spent % 30 === 0) console.log(`  ${spent} nights`);
    }),
  );
  const { counts, lost, doubled, stuck, difference, digest, nights, tookMs } = simulated;
  const { runs, uploads, attempts, jobRuns, stops, duplicates, late, deliveries, sweeps, buried, claims } =
    counts;
  console.log(
    [
      `runs ${runs}, ${uploads} of them of uploads, job runs ${jobRuns}, retries ${attempts - jobRuns}, crashes ${stops}, messages twice ${duplicates}, late ${late}, deliveries ${deliveries}, sweeps ${sweeps}, dead letters ${buried}; claims ${claims}, alerts told ${counts.told}`,
      `lost ${lost}, doubled ${doubled}, stuck ${stuck}`,
      `${(tookMs / 1000).toFixed(0)} s for ${nights} days: ${Math.round((nights * DAY) / tookMs)} times as fast as the clock`,
      `digest ${digest}`,
    ].join('\n'),
  );
  if (difference === undefined) return 0;
  console.error(
    `seed ${seed}, disorder ${disorder}: the night of ${difference.day} is the first that differs`,
  );
  for (const line of difference.lines.slice(0, SHOWN)) console.error(`  ${line}`);
  return 1;
}

process.exitCode = await main(process.argv.slice(2));
