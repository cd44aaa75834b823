import { beforeAll, describe, expect, test } from 'vitest';
import { cabinetDaily } from '../../functions/cabinet/pipeline.ts';
import { graphOf } from '../../functions/core/pipeline.ts';
import { CabinetNights, type Ended } from '../support/crash/cabinet.ts';
import { chosen, FATES, pairs } from '../support/crash/nights.ts';
import type { Rescue } from '../support/crash/world.ts';

const RESCUES: readonly Rescue[] = ['the message', 'the sweeper'];
/** Nights of each fate and rescue, and of two stops, in a run that is not `npm run faults`. */
const SAMPLE = 2;
const PAIRS = 2;

const nights = new CabinetNights();

describe.each(RESCUES)(
  'the cabinet’s night, stopped, ends as the undisturbed one, rescued by %s',
  (rescue) => {
    let undisturbed: Ended;
    beforeAll(async () => {
      undisturbed = await nights.night([], { rescue });
    });

    test('undisturbed, every process takes part, and tells people', () => {
      const processes = new Set(undisturbed.points.map((point) => point.split(':')[0]));
      expect([...processes].toSorted()).toEqual(
        ['planner', 'sweeper', ...Object.keys(graphOf(cabinetDaily))].toSorted(),
      );
      expect(undisturbed.points).toEqual(
        expect.arrayContaining([
          expect.stringContaining('select ops.beat'),
          expect.stringContaining('after publish'),
          expect.stringContaining('before send'),
          expect.stringContaining('before enable'),
        ]),
      );
      expect(undisturbed.told.length).toBeGreaterThan(1);
    });

    test.each(FATES)(
      'at any of its points, by the loss of the %s',
      async (fate) => {
        const stops = undisturbed.stops(fate);
        const tried = chosen(stops, SAMPLE, FATES.indexOf(fate) + RESCUES.indexOf(rescue));
        for (const stop of tried) await nights.sameAs(undisturbed, [stop], { rescue });
        console.log(
          `cabinet-daily: ${tried.length} of ${stops.length} stops, ${fate}, ${rescue}: 0 lost, 0 doubled, 0 stuck`,
        );
      },
      7_200_000,
    );

    test('at two points, drawn by a seed', async () => {
      const stops = FATES.flatMap((fate) => undisturbed.stops(fate));
      for (const two of pairs(stops, PAIRS, 20_260_113 + RESCUES.indexOf(rescue)))
        await nights.sameAs(undisturbed, two, { rescue });
    }, 7_200_000);
  },
);
