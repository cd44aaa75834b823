import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ownDatabase } from '../support/database.ts';
import { optionsOf, type SimulateOptions } from './options.ts';
import { simulate } from './simulate.ts';

async function simulated(options: SimulateOptions) {
  const [undisturbed, disturbed] = [await ownDatabase(), await ownDatabase()];
  return simulate(options, { undisturbed: undisturbed.url(), disturbed: disturbed.url() });
}

describe('some nights of the cabinet on a clock of their own', () => {
  test('end as the undisturbed ones, whatever goes wrong, and the same for the same seed', async () => {
    const first = await simulated({ seed: 1, days: 3, disorder: 1 });
    expect(first).toMatchObject({ nights: 3, lost: 0, doubled: 0, stuck: 0, difference: undefined });
    const { runs, uploads, attempts, jobRuns, stops, duplicates, late, claims } = first.counts;
    // Nine jobs a night, and one for each file.
    expect({ runs, jobRuns }).toEqual({ runs: 3 + uploads, jobRuns: 27 + uploads });
    // Something did go wrong, and something was done.
    expect(Math.min(uploads, attempts - jobRuns, stops, duplicates, late, claims)).toBeGreaterThan(0);
    const again = await simulated({ seed: 1, days: 3, disorder: 1 });
    expect(again.digest).toBe(first.digest);
    expect(again.counts).toEqual(first.counts);
  }, 600_000);

  test('are others with another seed', async () => {
    const [one, other] = [
      await simulated({ seed: 2, days: 1, disorder: 0.5 }),
      await simulated({ seed: 3, days: 1, disorder: 0.5 }),
    ];
    for (const each of [one, other]) expect(each).toMatchObject({ lost: 0, doubled: 0, stuck: 0 });
    expect(other.digest).not.toBe(one.digest);
  }, 600_000);

  test('differ when a job has an effect outside of its transaction, and it is said which night and how', async () => {
    const careless = join(import.meta.dirname, 'careless.ts');
    const { difference, doubled } = await simulated({ seed: 1, days: 3, disorder: 1, careless });
    expect(doubled).toBeGreaterThan(0);
    expect(difference?.day).toMatch(/^2024-01-0[1-3]$/);
    expect(difference?.lines).toContainEqual(expect.stringMatching(/^ops.decisions has too .*"careless"/));
  }, 600_000);
});

describe('what is asked of a simulation', () => {
  test('is a year of seed 1 unless it is said otherwise', () => {
    expect(optionsOf([])).toEqual({ seed: 1, days: 365, disorder: 0.5 });
    expect(optionsOf(['--years', '2', '--seed', '7', '--disorder', '1'])).toEqual({
      seed: 7,
      days: 730,
      disorder: 1,
    });
    expect(optionsOf(['--days', '3'])).toMatchObject({ days: 3 });
  });

  test.each([
    [['--disorder', '2'], 'disorder'],
    [['--days', '0'], 'days'],
    [['--seed', 'x'], 'seed'],
    [['--nights', '3'], 'nights'],
  ])('is refused when it makes no sense: %j', (args, named) => {
    expect(() => optionsOf(args)).toThrow(named);
  });
});
