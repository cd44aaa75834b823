import { expect, test } from 'vitest';
import { cutsOf } from '../../functions/api/collections/export-ranges.ts';

const weeks = (given: Record<string, number>) =>
  Object.entries(given).map(([week_start, drivers]) => ({ week_start, drivers }));

test('weeks go together until they hold enough, newest first', () => {
  expect(cutsOf(weeks({ '2026-01-12': 3, '2026-01-05': 6, '2025-12-29': 9, '2025-12-22': 1 }), 9)).toEqual([
    '2026-01-05',
    '2025-12-29',
  ]);
  expect(cutsOf([], 9)).toEqual([]);
});

test('a week with too many is cut into its days, also over a month', () => {
  expect(cutsOf(weeks({ '2026-01-05': 1, '2025-12-29': 19, '2025-12-22': 9 }), 9)).toEqual([
    '2026-01-04',
    '2026-01-03',
    '2026-01-02',
    '2026-01-01',
    '2025-12-31',
    '2025-12-30',
    '2025-12-29',
    '2025-12-22',
  ]);
});
