import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { InputError, type Problem } from '../../functions/core/errors.ts';
import { job } from '../../functions/core/job.ts';

const example = job({
  name: 'toy.example',
  input: z.strictObject({
    limit: z.int().min(1).max(10).default(5),
    onlyGaps: z.boolean().default(false),
    weekStart: z.string().optional(),
  }),
  run: async ({ input }) => ({ report: { limit: input.limit } }),
});

function problemsOf(value: unknown): readonly Problem[] {
  try {
    example.request(value);
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
  return [];
}

describe("a job's input", () => {
  test('is passed on as given, apart from the keys that every job has', () => {
    expect(example.request({ limit: 3, dryRun: false, asOf: '2026-01-13' })).toEqual({
      asOf: '2026-01-13',
      dryRun: false,
      input: { limit: 3 },
    });
    expect(example.request({})).toEqual({ asOf: undefined, dryRun: undefined, input: {} });
  });

  test('tells switches from values, for the flags of the CLI', () => {
    expect(example.keys).toEqual([
      { name: 'limit', kind: 'value' },
      { name: 'onlyGaps', kind: 'switch' },
      { name: 'weekStart', kind: 'value' },
      { name: 'asOf', kind: 'value' },
      { name: 'dryRun', kind: 'switch' },
    ]);
  });

  test('that is wrong in several ways says all of them', () => {
    const problems = problemsOf({ limit: 11, limti: 3, dryRun: 'no', asOf: '2026-02-30' });
    expect(problems.map(({ field, value }) => [field, value])).toEqual([
      ['limit', 11],
      ['asOf', '2026-02-30'],
      ['dryRun', 'no'],
      ['limti', 3],
    ]);
    expect(problems.at(-1)?.rule).toBe('is not a known key');
  });

  test.each(['2026-1-13', '13-01-2026', '2026-01-13T00:00:00Z', '2026-13-01', '', 20260113, null])(
    'refuses %j as a date',
    (asOf) => {
      expect(problemsOf({ asOf }).map(({ field }) => field)).toEqual(['asOf']);
    },
  );
});
