import { beforeAll, describe, expect, test } from 'vitest';
import { cabinetNight, deadLetterNight } from '../support/crash/cabinet-night.ts';
import { ALL, chosen } from '../support/crash/sample.ts';
import { lateNight, missedNight } from '../support/crash/scheduled-nights.ts';
import { type Setting, StoppedNights, type Whole } from '../support/crash/stopped-nights.ts';
import { timed } from '../support/crash/timed.ts';
import { uploadNight } from '../support/crash/upload-night.ts';

const settings: readonly (readonly [string, Setting])[] = [
  ['cabinet-daily', cabinetNight],
  ['cabinet-daily with a dead letter', deadLetterNight],
  ['cabinet.upload-take', uploadNight('leads')],
  ['a source that is late', lateNight],
  ['missed times', missedNight],
];

/** Without `npm run faults`, one place of each of these: who plans, who sweeps, and a worker, which sends what follows. */
const TRIED = /^(planner|api|dead letters|sweeper|cabinet\.claims-reconcile|cabinet\.upload-take)$/;

/**
 * Two planners, two workers, two sweepers, two senders: whichever process it is, and wherever the first of the two is
 * when the second comes. The second does all it can, or waits for a lock of the first; then the first goes on.
 */
describe.each(settings)('%s, a process there twice at once', (name, setting) => {
  const nights = new StoppedNights(setting);
  let undisturbed: Whole;
  beforeAll(async () => {
    undisturbed = await nights.undisturbed({ twice: { process: -1, at: 0 } });
  });

  const places = (process: string) =>
    undisturbed.places.flatMap((place, point) =>
      undisturbed.points[point]?.startsWith(`${process}:`) ? [{ ...place, point }] : [],
    );

  test.each([false, true])(
    'ends as when it was there once (the first taken for dead: %s)',
    async (takenForDead) => {
      const all = [...new Set(undisturbed.points.map((point) => point.split(':')[0] ?? ''))];
      const processes = all.filter(
        (process) => process.startsWith(setting.about ?? '') && (ALL || TRIED.test(process)),
      );
      const spent = timed(
        [...processes.entries()].flatMap(([seed, process]) => chosen(places(process), 1, seed)),
      );
      for (const { point, ...place } of spent) {
        const { found } = await nights.differences(undisturbed, [], { twice: { ...place, takenForDead } });
        expect(found, `the first at ${point}, ${undisturbed.points[point]}`).toEqual([]);
      }
      console.log(
        `${name}: ${spent.of(undisturbed.points.length, 'points')}, with two at once: 0 lost, 0 doubled, 0 stuck`,
      );
    },
    7_200_000,
  );
});
