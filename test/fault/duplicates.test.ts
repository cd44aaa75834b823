import { beforeAll, describe, expect, test } from 'vitest';
import { cabinetNight } from '../support/crash/cabinet-night.ts';
import { seeds } from '../support/crash/sample.ts';
import { type Setting, StoppedNights, type Whole } from '../support/crash/stopped-nights.ts';
import { timed } from '../support/crash/timed.ts';
import { uploadNight } from '../support/crash/upload-night.ts';
import { Dice } from '../support/dice.ts';

const settings: readonly (readonly [string, Setting])[] = [
  ['cabinet-daily', cabinetNight],
  ['cabinet.upload-take', uploadNight('leads')],
];

describe.each(settings)('%s, every message twice and in any order', (name, setting) => {
  const nights = new StoppedNights(setting);
  let undisturbed: Whole;
  beforeAll(async () => {
    undisturbed = await nights.undisturbed();
  });

  test('ends as when each came once, in order', async () => {
    let copies = 0;
    const drawn = seeds({ some: 1, all: 60 });
    const spent = timed(drawn);
    for (const seed of spent) {
      const night = await nights.sameAs(undisturbed, [], { disorder: new Dice(seed) });
      expect(night.delivered, `seed ${seed}`).toBeGreaterThanOrEqual(2 * undisturbed.sent);
      copies += night.delivered - undisturbed.sent;
    }
    console.log(
      `${name}: ${spent.of(drawn.length, 'orders')}, ${copies} deliveries too many: 0 lost, 0 doubled, 0 stuck`,
    );
  }, 3_600_000);

  test('and is stopped at a point besides', async () => {
    for (const seed of seeds({ some: 1, all: 60 })) {
      const dry = await nights.sameAs(undisturbed, [], { disorder: new Dice(seed) });
      const stop = new Dice(seed).shuffled(dry.points.map((_, at) => [at, 'process'] as const))[0];
      if (stop === undefined) throw new Error('a night has points');
      await nights.sameAs(undisturbed, [stop], { disorder: new Dice(seed) });
    }
  }, 3_600_000);
});
