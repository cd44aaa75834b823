import { describe, expect, test } from 'vitest';
import { chanceOf } from './chance.ts';

describe('chance on a clock of its own', () => {
  test('gives the same at the same instant, however often others have drawn', () => {
    const [one, other] = [{ now: 1000 }, { now: 1000 }];
    const [alone, besideOthers] = [chanceOf(7, one), chanceOf(7, other)];
    const first = alone();
    for (let drawn = 0; drawn < 3; drawn += 1) besideOthers();
    expect(besideOthers()).toBe(first);
    [one.now, other.now] = [1001, 1001];
    expect(besideOthers()).toBe(alone());
  });

  test('gives another number at another instant and for another seed, each from 0 to below 1', () => {
    const numbers = [1_704_067_200_000, 1_704_067_200_001, 1_735_689_600_000].flatMap((now) =>
      [1, 2].map((seed) => chanceOf(seed, { now })()),
    );
    for (const number of numbers) expect(number >= 0 && number < 1).toBe(true);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
