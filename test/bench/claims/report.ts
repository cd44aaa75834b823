import { mebibytes, type Spread, seconds, spread, whole } from '../stats.ts';
import type { ClaimsResult, Trial } from './measure.ts';
import type { Options } from './options.ts';

export function reportClaims({ job, bare, byDriver, byPerson }: ClaimsResult, options: Options): string[] {
  const clock = { job: spread(job.map(clockOf)), bare: spread(bare.map(clockOf)) };
  const [one] = job;
  if (one === undefined) return [];
  const { claims, decisions } = one.effect;
  const perGap = { clock: clock.job.median / decisions, cpu: spread(job.flatMap(cpuOf)).median / decisions };
  const rate = (count: number) => `${whole(count / (clock.job.median / 1000))}/s`;
  return [
    '',
    `claims: one statement over ${whole(options.leads)} leads takes ${whole(decisions)} gaps and inserts ${whole(claims)} claims`,
    ...compare('time', clock),
    ...processorTime(job, bare),
    `  throughput         ${rate(claims)} claims, ${rate(decisions)} gaps, over ${rate(options.leads)} leads and ${rate(options.trips)} trip rows`,
    `  memory, job        ${memory(job)}`,
    `  memory, bare       ${memory(bare)}`,
    '',
    `row by row, per gap; the job: ${perGap.clock.toFixed(4)} ms`,
    loop('asked by driver, as the original did', byDriver, perGap),
    loop('asked by person, which an index answers', byPerson, perGap),
  ];
}

const clockOf = ({ milliseconds }: Trial) => milliseconds;
const cpuOf = ({ cpu }: Trial) => (cpu === null ? [] : [cpu]);

function compare(name: string, of: { readonly job: Spread; readonly bare: Spread }): string[] {
  const ratio = (pick: (spread: Spread) => number) => (pick(of.job) / pick(of.bare)).toFixed(3);
  return [
    ...(['job', 'bare'] as const).map((kind) => {
      const { median, min, max, n } = of[kind];
      return `  ${`${name}, ${kind}`.padEnd(18)} median ${seconds(median)}  min ${seconds(min)}  max ${seconds(max)}  of ${n}`;
    }),
    `  ${`${name}, ratio`.padEnd(18)} ${ratio(({ median }) => median)} of medians, ${ratio(({ min }) => min)} of minima (target: 1.2 or less)`,
  ];
}

function processorTime(job: readonly Trial[], bare: readonly Trial[]): string[] {
  if (job.flatMap(cpuOf).length === 0) return ['  processor          not known here'];
  return compare('processor', { job: spread(job.flatMap(cpuOf)), bare: spread(bare.flatMap(cpuOf)) });
}

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

function loop(name: string, trial: Trial, job: { readonly clock: number; readonly cpu: number }): string {
  const { gaps, claims } = trial.done;
  const perGap = trial.milliseconds / Number(gaps);
  const byProcessor = cpuOf(trial).map(
    (cpu) => `, ${whole(cpu / Number(gaps) / job.cpu)} times by processor time`,
  );
  return `  ${name}: ${perGap.toFixed(2)} ms (${gaps} gaps, ${claims} claims in ${seconds(trial.milliseconds)}), ${whole(perGap / job.clock)} times the job${byProcessor.join('')}`;
}
