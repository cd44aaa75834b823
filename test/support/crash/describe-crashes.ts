import { beforeAll, describe, expect, test } from 'vitest';
import { FATES, type Fate } from './points.ts';
import { ALL, chosen, pairs } from './sample.ts';
import { type Setting, StoppedNights, type Whole } from './stopped-nights.ts';
import { timed } from './timed.ts';
import type { Rescue } from './world.ts';

const RESCUES: readonly Rescue[] = ['the message', 'the sweeper'];

export interface Extent {
  /** Nights of each fate and rescue in a run of all tests; `npm run faults` spends all. */
  readonly sample: number;
  /** Nights of two stops of each rescue, in a run of all tests and in `npm run faults`. */
  readonly pairs: number;
  readonly allPairs: number;
  /** In a run of all tests; both in `npm run faults` and unless given. */
  readonly rescues?: readonly Rescue[];
  /** How many there are in a night; one unless given. */
  readonly runs?: number;
}

/** Every night that is stopped somewhere ends as the one that is not. */
export function describeCrashes(
  name: string,
  setting: Setting,
  extent: Extent,
  checkUndisturbed: (undisturbed: Whole) => void,
): void {
  const nights = new StoppedNights(setting);
  const { about = '' } = setting;
  const stopsOf = ({ stops, points }: Whole, fates: readonly Fate[]) =>
    fates.flatMap(stops).filter(([at]) => points[at]?.startsWith(about));

  describe.each(ALL ? RESCUES : (extent.rescues ?? RESCUES))(
    `a night of ${name}, stopped, ends as the undisturbed one, rescued by %s`,
    (rescue) => {
      const seed = RESCUES.indexOf(rescue);
      let undisturbed: Whole;
      beforeAll(async () => {
        undisturbed = await nights.undisturbed({ rescue });
      });

      test('undisturbed, every process takes part and every kind of step is seen', () => {
        checkUndisturbed(undisturbed);
        expect(undisturbed.left.get('ops.runs')?.split(' ')[0]).toBe(String(extent.runs ?? 1));
      });

      test.each(FATES)(
        'at any of its points, by the loss of the %s',
        async (fate) => {
          const stops = stopsOf(undisturbed, [fate]);
          const tried = chosen(stops, extent.sample, FATES.indexOf(fate) * 31 + seed * 97);
          const spent = timed(tried);
          for (const stop of spent) await nights.sameAs(undisturbed, [stop], { rescue });
          console.log(
            `${name}: ${spent.of(stops.length, 'stops')}, ${fate}, ${rescue}: 0 lost, 0 doubled, 0 stuck`,
          );
        },
        7_200_000,
      );

      test('at two points, drawn by a seed', async () => {
        const stops = stopsOf(undisturbed, FATES);
        const drawn = pairs(stops, extent, 20_260_113 + seed);
        const spent = timed(drawn);
        for (const two of spent) await nights.sameAs(undisturbed, two, { rescue });
        console.log(`${name}: ${spent.of(drawn.length, 'pairs')}, ${rescue}: 0 lost, 0 doubled, 0 stuck`);
      }, 7_200_000);
    },
  );
}
