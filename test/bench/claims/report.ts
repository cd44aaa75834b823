import { mebibytes, seconds, spread, whole } from '../stats.ts';
import type { ClaimsResult, Trial } from './measure.ts';
import type { Options } from './options.ts';

export function reportClaims({ job, bare, byDriver, byPerson }: ClaimsResult, options: Options): string[] {
  const times = { job: spread(job.map(msOf)), bare: spread(bare.map(msOf)) };
  const [one] = job;
  if (one === undefined) return [];
  const perClaim = times.job.median / one.effect.inserted;
  return [
    '',
    `claims: ${whole(options.gaps)} gaps asked for in one statement, ${whole(one.effect.decisions)} judged, ${whole(one.effect.inserted)} claims inserted`,
    ...(['job', 'bare'] as const).map((kind) => {
      const { median, min, max, n } = times[kind];
      return `  ${kind.padEnd(5)} median ${seconds(median)}  min ${seconds(min)}  max ${seconds(max)}  of ${n}`;
    }),
    `  ratio job/bare  ${(times.job.median / times.bare.median).toFixed(3)} of medians, ${(times.job.min / times.bare.min).toFixed(3)} of minima (target: 1.2 or less)`,
    `  throughput      ${whole(one.effect.inserted / (times.job.median / 1000))} claims/s, ${whole(options.leads / (times.job.median / 1000))} leads/s, ${whole(options.trips / (times.job.median / 1000))} trip rows/s`,
    `  memory, job     ${memory(job)}`,
    `  memory, bare    ${memory(bare)}`,
    '',
    'row by row, per gap judged (without reading the list, without decisions):',
    loop('asked by driver, as the original did', byDriver, perClaim),
    loop('asked by person, which an index answers', byPerson, perClaim),
    `  the job, per claim: ${perClaim.toFixed(4)} ms, with everything`,
  ];
}

const msOf = ({ milliseconds }: Trial) => milliseconds;

function memory(trials: readonly Trial[]): string {
  const highest = (of: (trial: Trial) => number) => mebibytes(Math.max(...trials.map(of)));
  const backends = trials.flatMap(({ backendMemory }) =>
    backendMemory === undefined ? [] : [backendMemory],
  );
  return [
    `Node ${highest(({ memory }) => memory.peak)} at its peak (${highest(({ memory }) => memory.before)} before)`,
    backends.length === 0
      ? 'backends not known here'
      : `backends ${mebibytes(Math.max(...backends))} private`,
    `temporary files ${highest(({ effect }) => effect.temporary)}`,
  ].join(', ');
}

function loop(name: string, { milliseconds, done }: Trial, jobPerClaim: number): string {
  const { gaps, claims } = done;
  const perGap = milliseconds / Number(gaps);
  return `  ${name}: ${perGap.toFixed(2)} ms (${gaps} gaps, ${claims} claims in ${seconds(milliseconds)}), ${whole(perGap / jobPerClaim)} times the job's`;
}
