import { mebibytes, seconds } from '../stats.ts';
import { AS_OF } from './generate.ts';
import type { Server } from './server.ts';
import { tryIt } from './trial.ts';

/** The job that makes the trips typed facts, measured once each way: everything at first, then the night after. */
export async function loadTrips(
  server: Server,
  database: string,
  nextDay: () => Promise<void>,
  log: (line: string) => void,
): Promise<string[]> {
  const load = async () => {
    const url = server.url(database, 'cuadre_jobs');
    return tryIt({ kind: 'job', url, job: 'cabinet.trips-load', request: { asOf: AS_OF } });
  };
  log('cabinet.trips-load, everything');
  const first = await load();
  await nextDay();
  log('cabinet.trips-load, the night after');
  const second = await load();
  return [['first load', first] as const, ['the night after', second] as const].flatMap(
    ([name, { milliseconds, memory, done }]) => [
      `cabinet.trips-load, ${name}: ${seconds(milliseconds)}, Node ${mebibytes(memory.peak)} at its peak (${mebibytes(memory.before)} before)`,
      `  ${JSON.stringify(done['report'])}`,
    ],
  );
}
